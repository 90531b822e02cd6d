from t2t_vq.data import sources


def test_the_fingerprint_tells_contents_apart(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_bytes(b"a\tb\n")
    first = sources.fingerprint([path])
    path.write_bytes(b"a\tc\n")
    assert sources.fingerprint([path]) != first
