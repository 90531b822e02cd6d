"""A problem and two sets so small that tests can train on them; imported as a user's folder is."""

from t2t_vq import config, registry
from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.image_synthetic import ImageSynthetic
from t2t_vq.problems.translate_ende_synthetic import TranslateEndeSynthetic

_SIZE = (
    "hidden_size=16,filter_size=32,num_heads=2,encoder_layers=1,decoder_layers=1,batch_tokens=512,"
    "max_length=16,num_buckets=1,train_steps=8,eval_frequency=4,warmup_steps=4,dropout=0.1"
)


@registry.register_problem
class TranslateTiny(TranslateEndeSynthetic):
    """English to German, 150 pairs: three batches of the sets below."""

    files_name = "translate_tiny"
    num_train_pairs = 150
    num_dev_pairs = 12
    num_test_pairs = 12


@registry.register_problem
class TranslateTinyRev(TranslateTiny):
    """German to English, the same 150 pairs."""

    reversed = True


@registry.register_problem
class TranslateTinyDistill(Distilled, TranslateTiny):
    """English to German, the 150 pairs as a teacher translates them."""


@registry.register_problem
class ImageTiny(ImageSynthetic):
    """Drawn images, 36 to train on: four batches of the set below and 3 to validate with."""

    files_name = "image_tiny"
    num_train_images = 36
    num_test_images = 10


@registry.register_hparams
def transformer_test():
    """Autoregressive, 16 wide."""
    return config.override(registry.hparams("transformer_tiny"), _SIZE)


@registry.register_hparams
def softem_nat_test():
    """Soft EM, 16 wide, 16 codes, which start after 3 updates."""
    return config.override(
        registry.hparams("softem_nat_tiny"),
        f"{_SIZE},predictor_layers=1,bottleneck.num_codes=16,startup_steps=3",
    )


@registry.register_hparams
def softem_image_test():
    """Soft EM, m = 3, in two blocks over a 4 x 4 grid, 16 wide, which start after 3 updates."""
    return config.override(
        registry.hparams("softem_image_tiny"),
        "hidden_size=16,num_layers=1,downsample_steps=3,num_mixtures=2,batch_size=8,train_steps=8,"
        "eval_frequency=4,warmup_steps=4,prior_size=16,prior_layers=1,prior_filter_size=32,"
        "prior_heads=2,startup_steps=3,bottleneck.num_codes=8,bottleneck.num_blocks=2,"
        "bottleneck.num_samples=3",
    )
