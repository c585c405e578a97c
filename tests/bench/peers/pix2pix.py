"""The pix2pix that everybody starts with: a U-Net of 64 channels and a 70 × 70 PatchGAN.

Architecture and settings are those that the paper describes (Isola et al. 2017, arXiv:1611.07004,
section 3 and appendix 6) and its common PyTorch implementation documents, written anew from these
descriptions: batches of one, batch normalisation, dropout in three layers of the decoder, Adam,
100 · L1 beside the logistic game, resizing by 286/256 with a random crop, mirroring. Its optimizer
is torch's fused one, which is several times as fast as the default on processors.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 64
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)
L1_WEIGHT = 100.0
LOAD_RATIO = 286 / 256


class UNet(nn.Module):
    """Pictures => pictures in [-1, 1]; halves the side until one pixel is left, and back."""

    def __init__(self, size: int) -> None:
        super().__init__()
        depth = int(math.log2(size))
        widths = [min(WIDTH * 2**level, 8 * WIDTH) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            before = 3 if level == 0 else widths[level - 1]
            is_normal = 0 < level < depth - 1
            layers: list[nn.Module] = [] if level == 0 else [nn.LeakyReLU(0.2)]
            layers.append(nn.Conv2d(before, width, 4, 2, 1, bias=not is_normal))
            layers += [nn.BatchNorm2d(width)] if is_normal else []
            self.down.append(nn.Sequential(*layers))
        for level in reversed(range(depth)):
            given = widths[level] * (1 if level == depth - 1 else 2)
            after = 3 if level == 0 else widths[level - 1]
            conv = nn.ConvTranspose2d(given, after, 4, 2, 1, bias=level == 0)
            layers = [nn.ReLU(), conv]
            layers += [nn.Tanh()] if level == 0 else [nn.BatchNorm2d(after)]
            layers += [nn.Dropout(0.5)] if level >= depth - 3 else []
            self.up.append(nn.Sequential(*layers))

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Translate pictures."""
        skips, h = [], images_NCHW
        for block in self.down:
            h = block(h)
            skips.append(h)
        skips.pop()
        for number, block in enumerate(self.up):
            h = block(h if number == 0 else torch.cat([skips.pop(), h], dim=1))
        return h


def patch_gan() -> nn.Sequential:
    """Input and answer (N, 6, H, W) => logits of patches of 70 × 70 pixels."""
    layers: list[nn.Module] = [nn.Conv2d(6, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2)]
    for before, after, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
        layers += [
            nn.Conv2d(before * WIDTH, after * WIDTH, 4, stride, 1, bias=False),
            nn.BatchNorm2d(after * WIDTH),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * WIDTH, 1, 4, 1, 1))


def initialise(network: nn.Module) -> None:
    """Weights of convolutions from N(0, 0.02), of normalisations from N(1, 0.02)."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    for name, bias in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(bias)


class Pix2Pix:
    """Discriminator, then generator, one step each, on one pair."""

    def __init__(self, size: int, *, in_bf16: bool) -> None:
        self._size = size
        self._in_bf16 = in_bf16
        self._generator, self._discriminator = UNet(size), patch_gan()
        for network in self.networks().values():
            initialise(network)
            if in_bf16:
                network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._for_generator, self._for_discriminator = (
            torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=True)
            for network in (self._generator, self._discriminator)
        )

    def networks(self) -> Mapping[str, nn.Module]:
        """The networks that learn, by name."""
        return {"generator": self._generator, "discriminator": self._discriminator}

    def train_step(self, given_NCHW: Tensor, wanted_NCHW: Tensor) -> Mapping[str, Tensor]:
        """Learn from pairs in [-1, 1]."""
        both = _jittered(torch.cat([given_NCHW, wanted_NCHW], dim=1), self._size)
        given, wanted = both.split(3, dim=1)
        with self._autocast():
            made = self._generator(given).float()
        critic = (self._game(given, wanted, 1.0) + self._game(given, made.detach(), 0.0)) / 2
        self._for_discriminator.zero_grad()
        critic.backward()
        self._for_discriminator.step()

        self._discriminator.requires_grad_(requires_grad=False)
        fooled, error = self._game(given, made, 1.0), functional.l1_loss(made, wanted)
        self._for_generator.zero_grad()
        (fooled + L1_WEIGHT * error).backward()
        self._for_generator.step()
        self._discriminator.requires_grad_(requires_grad=True)
        return {"L1": error.detach() / 2, "critic": critic.detach(), "fooled": fooled.detach()}

    @torch.no_grad()
    def translate(self, given_NCHW: Tensor) -> Tensor:
        """One by one, with dropout and normalised by their own statistics, as in the paper."""
        with self._autocast():
            return self._generator(given_NCHW).float()

    def _game(self, given: Tensor, answer: Tensor, wanted: float) -> Tensor:
        with self._autocast():
            logits = self._discriminator(torch.cat([given, answer], dim=1)).float()
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted))

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._in_bf16)


def _jittered(both_NCHW: Tensor, size: int) -> Tensor:
    """Enlarge, cut out a square of the size at random, and mirror every other one."""
    large = round(size * LOAD_RATIO)
    enlarged = functional.interpolate(both_NCHW, (large, large), mode="bicubic", antialias=True)
    top, left = torch.randint(0, large - size + 1, (2,)).tolist()
    cut = enlarged[:, :, top : top + size, left : left + size].clamp(-1, 1)
    return cut.flip(3) if torch.rand(()) < 0.5 else cut
