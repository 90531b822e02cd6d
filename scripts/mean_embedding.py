"""Measures greedy decoding from the mean embedding of the predicted distribution.

    python scripts/mean_embedding.py RUN CHECKPOINT SPLIT SPEC...

SPEC: base[PASSES]; causal: dec:T feeds the decoder the mean at temperature T, both:T the predictor too; masked:
mPASSES:T.
"""

import os, sys, json

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import functools, numpy as np, tensorflow as tf
from keras import ops
from t2t_vq.training.loading import load_translator
from t2t_vq.decoding.options import Search
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.metrics.bleu import bleu, chrf
from t2t_vq.layers.masked_latent_predictor import MaskedLatentPredictor, _lowest

folder, ckpt, split = sys.argv[1:4]
specs = sys.argv[4:]
run, problem, translator, path = load_translator(folder, ckpt)
model = translator.model
sources, refs = problem.text(run.data_dir, split)
K = model.bottleneck.num_codes
P = model.predictor


def book():
    return model._embed(ops.arange(K, dtype="int32")[None, :, None])[0]


def mean(logits, tau, k=0):
    logits = logits[..., :K] / tau
    if k:
        kth = ops.top_k(logits, k)[0][..., -1:]
        logits = ops.where(logits >= kth, logits, -1e9)
    return ops.matmul(ops.softmax(logits), book())


def tokens_of(dense, mask, memory, mb):
    logits = model.reconstruct(dense, mask, memory, mb)
    t = ops.cast(ops.argmax(logits, -1), "int32")
    return ops.where(model._block_mask(mask), t, 1)


def causal(source, kind, tau, k):
    memory, mb = model.encode(source)
    B = ops.shape(source)[0]
    L = model.target_length(source.shape[1]) >> model.compress_steps
    if kind == "dec":
        sym = model.search_latents(memory, mb, L)[:, 0]
        mask = sym[..., 0] != K
        codes = ops.where(mask[..., None], sym, 0)
        first, _ = P(model._embed(codes), codes, memory, mb)
        return tokens_of(mean(first[:, :-1], tau, k), mask, memory, mb)
    # both: feed back the mean too
    pm = P.stack.project_memory(memory)
    x = ops.zeros((B, 1, model.hidden_size))
    past = P.stack.empty_past(B, L)
    ended = ops.zeros((B,), "bool")
    ds = []
    ms = []
    for i in range(L):
        inp = P.project(x) if i else ops.zeros((B, 1, model.hidden_size))
        inp = P._add_positions(inp, ops.array([i]))
        h, past = P.stack.step(inp, past, tf.constant(i), pm, mb)
        lg = P.first_head(ops.cast(h[:, 0], "float32"))
        if i == 0:
            lg = ops.where(ops.arange(K + 1) == K, -1e9, lg)
        ended = ops.logical_or(ended, ops.argmax(lg, -1) == K)
        d = mean(lg, tau, k)
        x = d[:, None]
        ds.append(d)
        ms.append(ops.logical_not(ended))
    return tokens_of(ops.stack(ds, 1), ops.stack(ms, 1), memory, mb)


def masked(source, kind, tau, k):
    passes = int(kind[1:] or 1)
    memory, mb = model.encode(source)
    L = model.target_length(source.shape[1]) >> model.compress_steps
    opt = Search(passes=passes)
    number = P._choose_lengths(memory, mb, L, opt)
    mask = ops.arange(L) < number
    codes = ops.zeros((*ops.shape(mask), 1), "int32")
    cert = ops.zeros(ops.shape(mask))
    hidden = mask
    dense = None
    for i in range(passes):
        st = P._states(model._embed(codes), hidden, mask, memory, mb)
        lg = P.first_head(st)
        ch = ops.cast(ops.argmax(lg, -1), "int32")
        sc = ops.take_along_axis(ops.log_softmax(lg), ch[..., None], -1)[..., 0]
        m = mean(lg, tau, k)
        dense = m if dense is None else ops.where(hidden[..., None], m, dense)
        codes = ops.where(hidden[..., None], ch[..., None], codes)
        cert = ops.where(hidden, sc, cert)
        hidden = _lowest(cert, mask, number * (passes - 1 - i) // passes)
    return tokens_of(dense, mask, memory, mb)


is_masked = isinstance(P, MaskedLatentPredictor)
for spec in specs:
    if spec.startswith("base"):
        n = int(spec[4:] or 1)
        translator._best = lambda s: model.translate(s, Search(passes=n))
    else:
        kind, tau, *k = spec.split(":")
        f = masked if is_masked else causal
        translator._best = functools.partial(f, kind=kind, tau=float(tau), k=int(k[0]) if k else 0)
    translator._compiled = {}
    out = translator.translate(sources)
    print(
        json.dumps(
            {
                "run": folder,
                "ckpt": os.path.basename(path),
                "split": split,
                "spec": spec,
                "bleu": round(bleu(out, refs).score, 2),
                "chrf": round(chrf(out, refs).score, 2),
            }
        ),
        flush=True,
    )
