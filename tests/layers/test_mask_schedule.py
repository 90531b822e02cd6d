import pytest

from t2t_vq.layers.mask_schedule import latent_share


@pytest.mark.parametrize(
    ("step", "share", "tolerance"),
    [
        (0, 1e-4, 1e-6),
        (10_000, 0.083, 5e-4),
        (25_000, 0.505, 5e-4),
        (50_000, 1.0, 1e-6),
        (80_000, 1.0, 1e-6),
    ],
)
def test_shares_are_those_of_the_reference(step, share, tolerance):
    assert float(latent_share(step, 50_000)) == pytest.approx(share, abs=tolerance)


def test_without_a_start_up_all_positions_take_latents():
    assert float(latent_share(0, 0)) == 1.0


def test_the_share_never_falls():
    shares = [float(latent_share(step, 100)) for step in range(120)]
    assert shares == sorted(shares)
