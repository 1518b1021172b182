"""The steps of a map."""

from neurodsl.integrators.method import Discrete

MAP = Discrete(name="map", title="the steps of a map", reference="10.1038/261459a0", order=0)
