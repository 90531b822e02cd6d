"""Counts the test sentences of the built-in corpus that a run translates as the grammar would.

    python scripts/valid_translations.py t2t_vq_runs/quickstart

The grammar knows all translations of a sentence, where BLEU compares with one of them.
"""

import argparse

from t2t_vq.data.synthetic_ende import meaning, translations
from t2t_vq.loading.from_run import load_translator


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output_dir", help="folder of a run on translate_ende_synthetic")
    run, problem, translator, _ = load_translator(parser.parse_args().output_dir)
    if problem.name != "translate_ende_synthetic":
        parser.error(f"the run is on {problem.name}, and translate_ende_synthetic is needed.")
    sources, _ = problem.text(run.data_dir, "test")
    found = translator.translate(sources)
    valid = sum(text in translations(meaning("test", i)) for i, text in enumerate(found))
    print(f"{valid:,} of {len(sources):,}")


if __name__ == "__main__":
    main()
