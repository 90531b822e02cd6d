import urllib.error
import urllib.request

import pytest

from t2t_vq import registry


@pytest.mark.parametrize(
    ("name", "dataset", "offline"),
    [
        ("translate_ende", "wmt14_translate/de-en", "translate_ende_synthetic"),
        ("image_cifar10", "cifar10", "image_synthetic"),
    ],
)
def test_without_copy_and_network_it_says_what_to_do(tmp_path, monkeypatch, name, dataset, offline):
    pytest.importorskip("tensorflow_datasets")

    def no_network(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    with pytest.raises(FileNotFoundError) as error:
        registry.problem(name).generate_data(tmp_path / "data", tmp_path / "empty")
    message = str(error.value)
    assert f"{name} needs the data set {dataset} of" in message
    assert str(tmp_path / "empty") in message
    assert message.endswith(f"--problem={offline}")
    assert not (tmp_path / "data").exists()
