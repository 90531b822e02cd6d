"""Counts the test sentences of the built-in corpus that a run translates as the grammar would.

    python scripts/valid_translations.py t2t_vq_runs/quickstart

The grammar knows all translations of a sentence, where BLEU compares with one of them.
"""

import argparse

from t2t_vq import load
from t2t_vq.data.synthetic_ende import meaning, translations


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output_dir", help="folder of a run on translate_ende_synthetic")
    model = load(parser.parse_args().output_dir)
    if model.problem != "translate_ende_synthetic":
        parser.error(f"the run is on {model.problem}, and translate_ende_synthetic is needed.")
    sources, _ = model.run.make_problem().text(model.run.data_dir, "test")
    found = model.translate(sources)
    valid = sum(text in translations(meaning("test", i)) for i, text in enumerate(found))
    print(f"{valid:,} of {len(sources):,}")


if __name__ == "__main__":
    main()
