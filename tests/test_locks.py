import subprocess
import sys

from t2t_vq.locks import locked


def held_by_another(folder):
    code = f"from t2t_vq.locks import locked\nwith locked({str(folder)!r}) as ours: print(ours)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return result.stdout.strip() == "False"


def test_a_folder_is_locked_for_others_as_long_as_it_is_held(tmp_path):
    with locked(tmp_path) as is_ours:
        assert is_ours and held_by_another(tmp_path)
    assert not held_by_another(tmp_path)
