import math
import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote

from mlops_nb.watch.watched import SIGNS

_LIGHT = (
    "--ink:#18222c;--soft:#556270;--line:#d5dce3;--paper:#fff;--card:#f5f7f9;--seen:#0b5fa5;--guess:#a85a00;"
    "--all:#c3ced9;--known:#5d7892;"
    "--s0:#edf1f5;--s1:#fdeacf;--s2:#f8c890;--s3:#ec9a4b;--s4:#c0590f;--s5:#7d3308;--deep:#fff;"
    "--ok:#14703f;--changed:#855700;--drifted:#ad3c06;--failing:#b01f2e;--grey:#556270"
)
_DARK = (
    "--ink:#e8edf2;--soft:#a2aebb;--line:#36414d;--paper:#11171d;--card:#1a222b;--seen:#6db4f5;--guess:#f0a24e;"
    "--all:#3c4a58;--known:#8ba6c0;"
    "--s0:#1e2832;--s1:#3d2f20;--s2:#61431f;--s3:#92601f;--s4:#d68b36;--s5:#ffca85;--deep:#1b1206;"
    "--ok:#4cc38a;--changed:#e3b341;--drifted:#ff9457;--failing:#ff7b82;--grey:#a2aebb"
)
_RULES = """
.mlops-watch{LIGHT;color-scheme:light;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
color:var(--ink);background:var(--paper);max-width:60rem;margin:0 auto;padding:1.6rem 1.4rem 2rem;box-sizing:border-box}
@media(prefers-color-scheme:dark){.mlops-watch{DARK;color-scheme:dark}}
[data-jp-theme-light=true] .mlops-watch{LIGHT;color-scheme:light}[data-jp-theme-light=false] .mlops-watch{DARK;color-scheme:dark}
.mlops-watch *{box-sizing:border-box}.mlops-watch section{margin:2.2rem 0 0}
.mlops-watch h1{font-size:1.75rem;line-height:1.2;margin:.1rem 0 .5rem;overflow-wrap:anywhere}
.mlops-watch h2{font-size:1.15rem;margin:0 0 .3rem}.mlops-watch h3{font-size:.95rem;margin:0 0 .2rem;overflow-wrap:anywhere}
.mlops-watch p{margin:.35rem 0;max-width:48rem}.mlops-watch .soft,.mlops-watch caption{color:var(--soft)}
.mlops-watch .kicker{color:var(--soft);font-size:.85rem;margin:0;overflow-wrap:anywhere}
.mlops-watch .verdict{border-left:.4rem solid var(--tone);background:var(--card);padding:.8rem 1rem;border-radius:.3rem;margin:.8rem 0}
.mlops-watch .verdict strong{color:var(--tone);font-size:1.25rem}.mlops-watch .lead{margin:.8rem 0;padding-left:1.2rem}
.mlops-watch .lead li{margin:.25rem 0;max-width:48rem}
.mlops-watch .st{--tone:var(--grey)}
.mlops-watch .ok{--tone:var(--ok)}.mlops-watch .changed{--tone:var(--changed)}.mlops-watch .drifted{--tone:var(--drifted)}
.mlops-watch .failing,.mlops-watch .critical{--tone:var(--failing)}.mlops-watch .warning{--tone:var(--changed)}
.mlops-watch .word{color:var(--tone);font-weight:600;white-space:nowrap}
.mlops-watch .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.2rem,1fr));gap:.7rem;
margin:1.2rem 0 0;padding:0;list-style:none}
.mlops-watch .cards li{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.mlops-watch .cards b{display:block;font-size:1.45rem;line-height:1.3;font-variant-numeric:tabular-nums}
.mlops-watch .cards span{display:block;color:var(--soft);font-size:.8rem;line-height:1.35}
.mlops-watch .cards .what{font-size:.85rem;color:var(--ink)}
.mlops-watch table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums}
.mlops-watch caption{text-align:left;padding:.2rem 0 .4rem;font-size:.85rem}
.mlops-watch th,.mlops-watch td{padding:.32rem .55rem;border-bottom:1px solid var(--line);
vertical-align:top;text-align:left;background:none}
.mlops-watch thead th{color:var(--soft);font-weight:500}.mlops-watch tbody th{font-weight:500;white-space:nowrap}
.mlops-watch .n{text-align:right;white-space:nowrap}.mlops-watch .full{width:100%}
.mlops-watch .heat thead .f{text-align:left}.mlops-watch h3.next{margin-top:1.4rem}
.mlops-watch .scroll{overflow-x:auto;max-width:100%}.mlops-watch .scroll:focus-visible{outline:2px solid var(--seen)}
.mlops-watch .heat td{text-align:center;padding:.3rem .3rem;border:2px solid var(--paper);min-width:1.5rem;white-space:nowrap}
.mlops-watch .heat th{border:0;padding:.2rem .5rem}.mlops-watch .heat thead th{text-align:center;font-size:.8rem;white-space:nowrap}
.mlops-watch .heat tbody th,.mlops-watch .heat tfoot th{position:sticky;left:0;background:var(--paper);
max-width:15rem;overflow:hidden;text-overflow:ellipsis}
.mlops-watch .heat tfoot td{background:none;border-top:1px solid var(--line)}
.mlops-watch .heat .w{width:5.4rem;min-width:5.4rem;text-align:left}
.mlops-watch .dense td{padding:.3rem 0;min-width:.9rem;border-width:1px;font-size:.75rem}
.mlops-watch .s0{background:var(--s0);color:var(--soft)}.mlops-watch .s1{background:var(--s1)}.mlops-watch .s2{background:var(--s2)}
.mlops-watch .s3{background:var(--s3);color:#1b1206}.mlops-watch .s4{background:var(--s4);color:var(--deep)}
.mlops-watch .s5{background:var(--s5);color:var(--deep)}
.mlops-watch .no{background:repeating-linear-gradient(45deg,transparent 0 3px,var(--line) 3px 4px);color:var(--soft)}
.mlops-watch .bar{display:inline-block;height:.55rem;background:var(--known);border-radius:2px;margin-right:.35rem}
.mlops-watch .vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.mlops-watch figure{margin:.6rem 0}.mlops-watch figcaption{font-size:.85rem;color:var(--soft)}.mlops-watch .narrow{display:none}
.mlops-watch svg{max-width:100%;height:auto;display:block}.mlops-watch svg text{fill:var(--soft);font-size:11.5px}
.mlops-watch svg.small text{fill:var(--ink);font-size:11px}.mlops-watch .key{white-space:nowrap;margin-right:1.1rem}
.mlops-watch .key svg{display:inline-block;vertical-align:middle;margin-right:.3rem}
.mlops-watch .grid{stroke:var(--line);stroke-width:1;fill:none}.mlops-watch .base{stroke:var(--soft);fill:none}
.mlops-watch .held{stroke:var(--soft);stroke-dasharray:2 3;fill:none}.mlops-watch .lead{stroke:var(--changed)}
.mlops-watch path.lead{stroke-dasharray:2 3;opacity:.55;fill:none}.mlops-watch svg .year{font-weight:600}
.mlops-watch .seen{--tone:var(--seen)}.mlops-watch .guess{--tone:var(--guess)}
.mlops-watch .line{fill:none;stroke:var(--tone);stroke-width:2;stroke-linejoin:round}.mlops-watch .line.guess{stroke-dasharray:6 4}
.mlops-watch .band{fill:var(--tone);opacity:.17}.mlops-watch .whisker{stroke:var(--tone);stroke-width:2;fill:none;opacity:.5}
.mlops-watch .dot{fill:var(--tone)}.mlops-watch .dot.guess{fill:var(--paper);stroke:var(--tone);stroke-width:1.6}
.mlops-watch .st rect{fill:var(--tone)}.mlops-watch svg .st text{fill:var(--paper);font-weight:700}
.mlops-watch .all{fill:var(--all)}.mlops-watch .known{fill:var(--known)}
.mlops-watch svg .alert{fill:var(--tone);font-size:14px}.mlops-watch svg .count{font-size:10px}
.mlops-watch svg .change{fill:var(--seen);font-size:13px}
.mlops-watch .before{fill:var(--all)}.mlops-watch path.after{fill:none;stroke:var(--drifted);stroke-width:2}
.mlops-watch rect.after{fill:var(--drifted)}
.mlops-watch .shapes{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1.2rem}
.mlops-watch .told{list-style:none;padding:0;margin:.5rem 0}
.mlops-watch .told>li{border-left:.25rem solid var(--tone);padding:.1rem 0 .1rem .8rem;margin:0 0 1rem}
.mlops-watch a{color:var(--seen)}.mlops-watch code{font-size:.88em;overflow-wrap:anywhere}
.mlops-watch dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .9rem;font-size:.88rem}
.mlops-watch dt{font-weight:600}.mlops-watch dd{margin:0}
.mlops-watch footer{margin-top:2.4rem;border-top:1px solid var(--line);padding-top:.7rem;color:var(--soft);font-size:.82rem}
@media(max-width:640px){.mlops-watch{padding:1rem .9rem}.mlops-watch .broad{display:none}.mlops-watch .narrow{display:block}
.mlops-watch h1{font-size:1.4rem}.mlops-watch .cards{grid-template-columns:1fr 1fr}.mlops-watch .heat .w{display:none}
.mlops-watch .heat tbody th,.mlops-watch .heat tfoot th{max-width:8rem}}
@media print{.mlops-watch{LIGHT;color-scheme:light;max-width:none;padding:0;font-size:10.5pt;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.mlops-watch .scroll{overflow:visible}.mlops-watch section,.mlops-watch tr,.mlops-watch .told>li,.mlops-watch .cards li{break-inside:avoid}
.mlops-watch section.long{break-inside:auto}.mlops-watch h2{break-after:avoid}
.mlops-watch .broad{display:block}.mlops-watch .narrow{display:none}}
"""
STYLE = re.sub(r"\n", "", _RULES).replace("LIGHT", _LIGHT).replace("DARK", _DARK)

_NAMES = {"auc": "AUC", "r2": "R²", "f1": "F1", "mae": "MAE", "rmse": "RMSE", "log_loss": "log loss", "brier": "Brier score"}
EXPLAINED = {
    "auc": "AUC says how well the model tells the two outcomes apart: 0.5 is a coin, 1 is never wrong.",
    "accuracy": "Accuracy is the share of answers that turned out to be right.",
    "r2": "R² is the share of the ups and downs of the outcome that the answers explain: 1 is all of it, 0 no better than the mean.",
}


def nice(metric: str) -> str:
    "A metric's name for people: AUC, R², log loss."
    return _NAMES.get(metric, metric.replace("_", " "))


def e(text: object) -> str:
    "Text that cannot be mistaken for HTML."
    return escape(str(text), quote=True)


def percent(share: float) -> str:
    "A share, or a dash."
    return "–" if math.isnan(share) else f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"


def day(at: datetime | None) -> str:
    "4 March 2013."
    return f"{at.day} {at:%B %Y}" if at else ""


def word_of(state: str) -> str:
    "A state with its sign, in its colour."
    return f'<span class="st {e(state)}"><span class="word">{SIGNS[state]} {e(state)}</span></span>'


def some(names: Sequence[str], limit: int = 3) -> str:
    "temp, wind and 4 more."
    head, rest = list(names[:limit]), len(names) - limit
    if rest > 0:
        return ", ".join(head) + f" and {rest:,} more"
    return " and ".join([", ".join(head[:-1])] * (len(head) > 1) + head[-1:])


def link(path: str) -> str:
    "A path on this disk as the target of a link; nothing where it would lead elsewhere."
    path = path.replace("\\", "/")
    return "" if not path or path.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path) else quote(path)
