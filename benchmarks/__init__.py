"""One question and its contenders in -> what each of them did under load, beside what was predicted, out.

Reading order: load/scenario > wait_io/ > load/generator > load/serving, load/proof, load/window > load/bench > load/figures >
report, plot.
"""
