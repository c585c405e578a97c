"""CUT that everybody starts with: a ResNet generator, a 70 × 70 PatchGAN and PatchNCE.

Architecture and settings are those that the paper describes (Park et al. 2020, arXiv:2007.15651,
section 4 and appendix C), written anew from its description: batches of one, nine residual blocks
of 256 channels with instance normalisation, features of layers 0, 4, 8, 12 and 16, two-layer heads
of 256, τ = 0.07, least squares, Adam, resizing by 286/256 with a random crop, mirroring. Its
optimizer is torch's fused one, and down- and upsampling are by strides, which is several times as
fast on processors as the blurs of the common implementation.
"""

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 64
BLOCKS = 9
PATCHES = 256
TEMPERATURE = 0.07
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)
LOAD_RATIO = 286 / 256


def _conv(before: int, after: int, side: int, stride: int = 1) -> list[nn.Module]:
    pad = side // 2
    conv = nn.Conv2d(before, after, side, stride, pad, padding_mode="reflect")
    return [conv, nn.InstanceNorm2d(after), nn.ReLU()]


class Block(nn.Module):
    """Two convolutions around a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_conv(channels, channels, 3), *_conv(channels, channels, 3)[:2]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform features."""
        return x + self.layers(x)


class ResNet(nn.Module):
    """Pictures => pictures in [-1, 1]; or what five layers know of them."""

    def __init__(self) -> None:
        super().__init__()
        wide = 4 * WIDTH
        self.stages = nn.ModuleList(
            [
                nn.Sequential(*_conv(3, WIDTH, 7), *_conv(WIDTH, 2 * WIDTH, 3, 2)[:1]),
                nn.Sequential(nn.InstanceNorm2d(2 * WIDTH), nn.ReLU(),
                              *_conv(2 * WIDTH, wide, 3, 2)[:1]),
                nn.Sequential(nn.InstanceNorm2d(wide), nn.ReLU(), Block(wide)),
                nn.Sequential(*(Block(wide) for _ in range(4))),
            ]
        )  # fmt: skip
        self.rest = nn.Sequential(
            *(Block(wide) for _ in range(BLOCKS - 5)),
            nn.ConvTranspose2d(wide, 2 * WIDTH, 3, 2, 1, 1),
            nn.InstanceNorm2d(2 * WIDTH),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * WIDTH, WIDTH, 3, 2, 1, 1),
            nn.InstanceNorm2d(WIDTH),
            nn.ReLU(),
            nn.Conv2d(WIDTH, 3, 7, 1, 3, padding_mode="reflect"),
            nn.Tanh(),
        )

    def features(self, images_NCHW: Tensor) -> list[Tensor]:
        """What the pixels and four layers know."""
        known = [images_NCHW]
        for stage in self.stages:
            known.append(stage(known[-1]))
        return known

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Translate pictures."""
        return self.rest(self.features(images_NCHW)[-1])


def patch_gan() -> nn.Sequential:
    """Pictures => verdicts on patches of 70 × 70 pixels."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2)]
    for before, after, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
        layers += [
            nn.Conv2d(before * WIDTH, after * WIDTH, 4, stride, 1),
            nn.InstanceNorm2d(after * WIDTH),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * WIDTH, 1, 4, 1, 1))


def heads() -> nn.ModuleList:
    """A small network for each layer that is compared."""
    return nn.ModuleList(
        nn.Sequential(nn.Linear(channels, 256), nn.ReLU(), nn.Linear(256, 256))
        for channels in (3, 2 * WIDTH, 4 * WIDTH, 4 * WIDTH, 4 * WIDTH)
    )


class Cut:
    """Discriminator, then generator and heads, one step each, on one picture of each set."""

    def __init__(self, size: int, *, in_bf16: bool) -> None:
        self._size = size
        self._in_bf16 = in_bf16
        self._generator, self._discriminator, self._heads = ResNet(), patch_gan(), heads()
        for network in self.networks().values():
            for layer in network.modules():
                if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                    nn.init.xavier_normal_(layer.weight, 0.02)
            if in_bf16:
                network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        painters = itertools.chain(self._generator.parameters(), self._heads.parameters())
        self._for_generator, self._for_discriminator = (
            torch.optim.Adam(parameters, lr=LEARNING_RATE, betas=BETAS, fused=True)
            for parameters in (painters, self._discriminator.parameters())
        )

    def networks(self) -> Mapping[str, nn.Module]:
        """The networks that learn, by name."""
        return {
            "generator": self._generator,
            "discriminator": self._discriminator,
            "heads": self._heads,
        }

    def train_step(self, given_NCHW: Tensor, wanted_NCHW: Tensor) -> Mapping[str, Tensor]:
        """Learn from a picture of each set, in [-1, 1]."""
        given, wanted = (_jittered(it, self._size) for it in (given_NCHW, wanted_NCHW))
        with self._autocast():
            known = self._generator.features(torch.cat([given, wanted]))
            made = self._generator.rest(known[-1]).float()
        painted = made[:1]
        critic = (self._game(wanted, 1.0) + self._game(painted.detach(), 0.0)) / 2
        self._for_discriminator.zero_grad()
        critic.backward()
        self._for_discriminator.step()

        self._discriminator.requires_grad_(requires_grad=False)
        fooled, contrast = self._game(painted, 1.0), self._contrast(known, made)
        self._for_generator.zero_grad()
        (fooled + contrast).backward()
        self._for_generator.step()
        self._discriminator.requires_grad_(requires_grad=True)
        return {"contrast": contrast.detach(), "critic": critic.detach()}

    @torch.no_grad()
    def translate(self, given_NCHW: Tensor) -> Tensor:
        """As it is in training: instance normalisation knows no other way."""
        with self._autocast():
            return self._generator(given_NCHW).float()

    def _contrast(self, known: Sequence[Tensor], made: Tensor) -> Tensor:
        """PatchNCE of the translation and of the identity, their mean."""
        with self._autocast():
            again = self._generator.features(made)
            losses: list[Tensor] = []
            for head, before, after in zip(self._heads, known, again, strict=True):
                places = torch.randperm(before.shape[2] * before.shape[3])[:PATCHES]
                keys, queries = (
                    functional.normalize(head(it.flatten(2)[:, :, places].transpose(1, 2)), dim=2)
                    for it in (before.detach(), after)
                )
                logits = (queries @ keys.detach().transpose(1, 2)).float() / TEMPERATURE
                right = torch.arange(logits.shape[1]).repeat(len(logits))
                losses.append(functional.cross_entropy(logits.flatten(0, 1), right))
        return torch.stack(losses).mean()

    def _game(self, images_NCHW: Tensor, wanted: float) -> Tensor:
        with self._autocast():
            verdicts = self._discriminator(images_NCHW).float()
        return (verdicts - wanted).square().mean()

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._in_bf16)


def _jittered(images_NCHW: Tensor, size: int) -> Tensor:
    """Enlarge, cut out a square of the size at random, and mirror every other one."""
    large = round(size * LOAD_RATIO)
    enlarged = functional.interpolate(images_NCHW, (large, large), mode="bicubic", antialias=True)
    top, left = torch.randint(0, large - size + 1, (2,)).tolist()
    cut = enlarged[:, :, top : top + size, left : left + size].clamp(-1, 1)
    return cut.flip(3) if torch.rand(()) < 0.5 else cut
