"""What a comparison finds of a model itself: its latents, what it redraws, and what it costs."""

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.language import tr_noop
from genstudio.domain.reports import Better, Figure, FigureCard, WhyNot


class ModelReport(BaseModel):
    """Figures of a model; those that were not taken have a reason instead.

    Attributes:
        path_length: Perceptual path length between two seeds, where the straight way is 1; its
            floor is that of a cross-fade of the same two pictures.
        evenness: The largest step of such a way by the mean one; 1 is best. Its floor as well.
        probe: Share of held-out pictures whose kind a linear classifier reads from the latents;
            its floor is what guessing the commonest kind gets.
        psnr: Of redrawn held-out pictures, in dB; its floor is that of the mean picture.
        redrawn_distance: Of redrawn held-out pictures to themselves by our features, where
            another picture of the set is at 1.
        perceptual_path_length: Not divided by the straight way; None as ``path_length``.
        num_pairs: Of seeds.
        num_held_out: Pictures that were redrawn, or whose kinds were read.
        num_kinds: That were told apart.
        knew_kinds: The model was given the kinds while it learned.
        missing: Name of a figure => why it was not taken.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    path_length: Figure | None = None
    evenness: Figure | None = None
    probe: Figure | None = None
    psnr: Figure | None = None
    redrawn_distance: Figure | None = None
    perceptual_path_length: float | None = None
    num_pairs: int = 0
    num_held_out: int = 0
    num_kinds: int = 0
    knew_kinds: bool = False
    missing: dict[str, WhyNot] = Field(default_factory=dict, max_length=16)


class Cost(BaseModel):
    """What a model costs.

    Attributes:
        train_s: Time spent training up to the checkpoint.
        images_seen: Pictures seen until then.
        draw_s: Processor time of one picture on one core, measured when it was compared.
        drawn_at_once: Pictures that were drawn at once for it.
        drawing_parameters: Weights that take part in drawing a picture.
        num_parameters: Weights in all.
        weights_bytes: Size of the file of averaged weights.
        train_memory_gib: The highest that training noted; None if it noted none.
        train_device: What it was trained on, as the record has it; empty if it has not.
    """

    model_config = ConfigDict(frozen=True)

    train_s: float
    images_seen: int
    draw_s: float
    drawn_at_once: int
    drawing_parameters: int
    num_parameters: int
    weights_bytes: int
    train_memory_gib: float | None = None
    train_device: str = ""


MODEL_FIGURES = (
    FigureCard(
        key="path_length",
        title="Smoothness between two seeds",
        term="perceptual path length, straight = 1",
        better=Better.LESS,
        better_words="less is smoother",
        help="How far pictures wander on the way from one seed to another (perceptual path length, "
        "by our own features, divided by that of the straight way). Detours and jumps make it "
        "longer.",
        beside=tr_noop("fading one over the other: {floor}"),
    ),
    FigureCard(
        key="evenness",
        title="Evenness of the steps between",
        term="largest step by the mean one",
        better=Better.LESS,
        better_words="1 is best",
        help="Whether a picture changes as much in each step of the way, or hardly at first and "
        "then all at once.",
        beside=tr_noop("fading one over the other: {floor}"),
    ),
    FigureCard(
        key="probe",
        title="Kinds read from latents",
        term="linear probe, held-out pictures",
        better=Better.MORE,
        better_words="more is better",
        help="How often a linear classifier tells the kind (the folder) of a held-out picture by "
        "the numbers that the model describes it with.",
        is_share=True,
        beside=tr_noop("guessing the commonest kind: {floor}"),
    ),
    FigureCard(
        key="psnr",
        title="Faithfulness of redrawing",
        term="PSNR in dB, held-out pictures",
        better=Better.MORE,
        better_words="more is better",
        help="How near a picture that the model never saw comes back when it is described and "
        "drawn again, pixel by pixel (peak signal-to-noise ratio).",
        beside=tr_noop("the mean of your pictures: {floor}"),
    ),
    FigureCard(
        key="redrawn_distance",
        title="Likeness of what is redrawn",
        term="feature distance, held-out pictures",
        better=Better.LESS,
        better_words="less is better",
        help="The same by what the eye sees, shapes and textures, instead of pixels. Blur makes "
        "it larger.",
        beside=tr_noop("another picture of yours: {floor}"),
    ),
)
