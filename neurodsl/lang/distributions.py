from dataclasses import dataclass
@dataclass(frozen=True)
class D:
    name: str
    scaled: tuple[int, ...] | None = None
DISTRIBUTIONS = {"uniform": D("uniform"), "normal": D("normal")}
