"""The smallest conditional network of diffusers, trained as its own example trains.

UNet2DConditionModel of diffusers 0.42 in the smallest form of its documentation's and tests' (32
and 64 channels, two layers a block), DDPM with 1,000 steps, mean squared error of the noise, AdamW
at 1e-4, batches of 16, averaged weights: what its text-to-image example does, on pixels, since
there is no autoencoder of 32 pixels. Words are a table that learns along instead of CLIP, which
nobody has without a network. A tenth of the captions is left out, which the example does not do,
so that it can be guided as its pipelines are.
"""

from collections.abc import Callable
from importlib import import_module

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTH = 32
_BATCH = 16
_DROPPED = 0.1
_GUIDANCE = 7.5
_TELL_EVERY = 500


class ConditionalDDPM:
    """A network, its words and its loop.

    Args:
        num_words: Size of the vocabulary, padding and unknown included; 0 is padding.
    """

    def __init__(self, num_words: int) -> None:
        # Before diffusers: it declares what torchvision needs beside this torch.
        import_module("genstudio.data.vision")
        from diffusers import DDPMScheduler, UNet2DConditionModel
        from diffusers.training_utils import EMAModel

        torch.manual_seed(0)
        self._words = nn.Embedding(num_words, _WIDTH)
        self._network = UNet2DConditionModel(
            sample_size=32,
            in_channels=3,
            out_channels=3,
            block_out_channels=(32, 64),
            layers_per_block=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=_WIDTH,
            attention_head_dim=8,
            norm_num_groups=8,
        )
        self._trained = nn.ModuleList([self._words, self._network])
        self._noise = DDPMScheduler(num_train_timesteps=1000)
        self._average = EMAModel(self._trained.parameters(), decay=0.9999, use_ema_warmup=True)
        self.num_parameters = sum(it.numel() for it in self._trained.parameters())

    def train(
        self, images_NCHW: Tensor, ids_NL: Tensor, clock: Callable[[], float], seconds: float
    ) -> int:
        """Learn for so long; says how many pictures were seen.

        Args:
            images_NCHW: In [-1, 1].
            ids_NL: Words of their captions.
            clock: Seconds.
            seconds: Of that clock.
        """
        optimizer = torch.optim.AdamW(self._trained.parameters(), lr=1e-4, weight_decay=1e-2)
        began_s, steps = clock(), 0
        while clock() - began_s < seconds:
            rows = torch.randint(len(images_NCHW), (_BATCH,))
            clean, ids = images_NCHW[rows], ids_NL[rows].clone()
            ids[torch.rand(_BATCH) < _DROPPED] = 0
            noise = torch.randn_like(clean)
            times = torch.randint(1000, (_BATCH,))
            noisy = self._noise.add_noise(clean, noise, times)
            told = self._network(noisy, times, encoder_hidden_states=self._words(ids)).sample
            loss = functional.mse_loss(told, noise)
            loss.backward()
            nn.utils.clip_grad_norm_(self._trained.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            self._average.step(self._trained.parameters())
            steps += 1
            if steps % _TELL_EVERY == 0:
                print(steps * _BATCH, round(clock() - began_s), float(loss.detach()), flush=True)
        self._average.copy_to(self._trained.parameters())
        self._network.eval()
        return steps * _BATCH

    @torch.no_grad()
    def draw(self, prompt_ids: Tensor, seed: int, steps: int, guidance: float) -> np.ndarray:
        """Draw one: by DDPM in 1,000 steps, else by DDIM.

        Args:
            prompt_ids: Words of the prompt.
            seed: Of the noise.
            steps: Of drawing.
            guidance: 0 for that of diffusers' pipelines.

        Returns:
            uint8 (height, width, 3).
        """
        from diffusers import DDIMScheduler, DDPMScheduler

        scheduler = DDPMScheduler if steps == 1000 else DDIMScheduler
        sampler = scheduler.from_config(self._noise.config)
        sampler.set_timesteps(steps)
        generator = torch.Generator().manual_seed(seed)
        noisy = torch.randn(1, 3, 32, 32, generator=generator)
        words = self._words(torch.cat([torch.zeros_like(prompt_ids), prompt_ids]))
        for at in sampler.timesteps:
            both = self._network(noisy.repeat(2, 1, 1, 1), at, encoder_hidden_states=words).sample
            plain, told = both.chunk(2)
            noise = plain + (guidance or _GUIDANCE) * (told - plain)
            noisy = sampler.step(noise, at, noisy, generator=generator).prev_sample
        levels = noisy[0].permute(1, 2, 0).add(1).mul(127.5).round().clamp(0, 255)
        return levels.to(torch.uint8).numpy()
