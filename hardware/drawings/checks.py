"""What can be wrong with a circuit, told from its data alone."""

from __future__ import annotations

from collections import Counter

from hardware.drawings.model import Netlist, Node, Pin
from hardware.drawings.nets import GROUND, RAILS

__all__ = ["faults"]

_DRIVERS = ("output", "power_out")
_CONDUCTORS = ("resistor", "switch", "led", "diode")
"""Two-legged parts that carry a direct current from one net to another."""
_ISOLATED = (("U1", "1"), ("U1", "2"))
"""The sender's side of MIDI in, which nothing of ours may touch (MIDI 1.0)."""


def faults(netlist: Netlist) -> list[str]:
    """Everything wrong with the circuit, a sentence each; empty for one that may be soldered."""
    unknown = _unknown_pins(netlist)
    if unknown:
        return unknown  # nothing else can be told of pins that are not there
    return [
        *_pins_used_twice(netlist),
        *_pins_left_out(netlist),
        *_lonely_nets(netlist),
        *_wrong_supplies(netlist),
        *_fighting_outputs(netlist),
        *_too_many_volts(netlist),
        *_shared_addresses(netlist),
        *_broken_isolation(netlist),
    ]


def _unknown_pins(netlist: Netlist) -> list[str]:
    nodes = [node for nodes in netlist.nets.values() for node in nodes]
    found = []
    for node in [*nodes, *netlist.unconnected]:
        part = netlist.parts.get(node[0])
        if part is None or all(pin.number != node[1] for pin in part.pins):
            found.append(f"{_name(node)} is wired but does not exist.")
    return found


def _pins_used_twice(netlist: Netlist) -> list[str]:
    uses: dict[Node, list[str]] = {}
    for net, nodes in netlist.nets.items():
        for node in nodes:
            uses.setdefault(node, []).append(net)
    return [
        f"{_name(node)} is used twice: on {' and '.join(nets)}."
        for node, nets in uses.items()
        if len(nets) > 1
    ]


def _pins_left_out(netlist: Netlist) -> list[str]:
    found = []
    for part in netlist.parts.values():
        for pin in part.pins:
            node = (part.ref, pin.number)
            wired = netlist.net_of(node) is not None
            if wired and node in netlist.unconnected:
                found.append(f"{_name(node)} is wired, but marked as left open.")
            elif not wired and node not in netlist.unconnected:
                found.append(f"{_name(node)} ({pin.name}) is on no net and not marked as open.")
    return found


def _lonely_nets(netlist: Netlist) -> list[str]:
    return [f"{net} joins fewer than two pins." for net, n in netlist.nets.items() if len(n) < 2]


def _wrong_supplies(netlist: Netlist) -> list[str]:
    found = []
    for net, nodes in netlist.nets.items():
        given = {volts[0] for _, pin in _pins(netlist, nodes, "power_out") if (volts := pin.volts)}
        if len(given) > 1:
            found.append(f"{net} is fed with {' and '.join(f'{v:g} V' for v in sorted(given))}.")
        if net in RAILS and given - {RAILS[net]}:
            found.append(f"{net} is fed with {max(given):g} V.")
        for node, pin in _pins(netlist, nodes, "power_in"):
            least, most = pin.volts or (0.0, 0.0)
            if not given:
                found.append(f"{_name(node)} ({pin.name}) is on {net}, which nothing feeds.")
            elif not least <= max(given) <= most:
                found.append(f"{_name(node)} ({pin.name}) is on {net}: {max(given):g} V.")
    return found


def _fighting_outputs(netlist: Netlist) -> list[str]:
    found = []
    for net, nodes in netlist.nets.items():
        drivers = [node for node in nodes if netlist.pin(node).kind in _DRIVERS]
        supplies = all(netlist.pin(node).kind == "power_out" for node in drivers)
        if len(drivers) > 1 and not supplies:
            found.append(f"On {net} {' and '.join(map(_name, drivers))} drive each other.")
    return found


def _too_many_volts(netlist: Netlist) -> list[str]:
    """A signal pin that can see more than it stands, straight or by way of a resistor."""
    highest = _highest_volts(netlist)
    found = []
    for net, nodes in netlist.nets.items():
        for node in nodes:
            pin = netlist.pin(node)
            if pin.kind in ("power_in", "power_out") or pin.volts is None:
                continue
            if highest[net] > pin.volts[1]:
                found.append(
                    f"{_name(node)} stands {pin.volts[1]:g} V, {net} has {highest[net]:g}."
                )
    return found


def _highest_volts(netlist: Netlist) -> dict[str, float]:
    """The highest voltage each net can have, in volts."""
    highest = dict.fromkeys(netlist.nets, 0.0)
    fixed = set()
    for net, nodes in netlist.nets.items():
        for node in nodes:
            pin = netlist.pin(node)
            if pin.kind == "power_out" and pin.volts:
                fixed.add(net)
                highest[net] = max(highest[net], pin.volts[1])
    for net, nodes in netlist.nets.items():
        for node, pin in _pins(netlist, nodes, "output"):
            level = pin.volts[1] if pin.volts else _supply_volts(netlist, node[0], highest)
            highest[net] = max(highest[net], level)
    links = _conducting_links(netlist)
    for _ in range(len(links)):
        for first, second in [*links, *((b, a) for a, b in links)]:
            if second not in fixed:
                highest[second] = max(highest[second], highest[first])
    return highest


def _supply_volts(netlist: Netlist, ref: str, highest: dict[str, float]) -> float:
    nodes = [(ref, pin.number) for pin in netlist.parts[ref].pins if pin.kind == "power_in"]
    return max((highest[net] for node in nodes if (net := netlist.net_of(node))), default=0.0)


def _conducting_links(netlist: Netlist) -> list[tuple[str, str]]:
    links = []
    for part in netlist.parts.values():
        if part.kind in _CONDUCTORS:
            nets = [netlist.net_of((part.ref, pin.number)) for pin in part.pins]
            if len(nets) == 2 and nets[0] and nets[1]:
                links.append((nets[0], nets[1]))
    return links


def _shared_addresses(netlist: Netlist) -> list[str]:
    addresses = [part.address for part in netlist.parts.values() if part.address is not None]
    return [
        f"The I2C address {address:#04x} is used {times} times."
        for address, times in Counter(addresses).items()
        if times > 1
    ]


def _broken_isolation(netlist: Netlist) -> list[str]:
    """Whether the sender's side of the optocoupler is joined to any supply or chip of ours."""
    starts = {
        net for node in _ISOLATED if node[0] in netlist.parts and (net := netlist.net_of(node))
    }
    reached, frontier = set(starts), starts
    while frontier:
        links = _conducting_links(netlist)
        near = {b for a, b in links if a in frontier} | {a for a, b in links if b in frontier}
        frontier = near - reached
        reached |= frontier
    active = [
        _name(node)
        for net in sorted(reached)
        for node in netlist.nets[net]
        if netlist.pin(node).kind != "passive"
    ]
    if GROUND in reached or active:
        return [f"MIDI in is not isolated: its loop reaches {', '.join(active) or GROUND}."]
    return []


def _pins(netlist: Netlist, nodes: list[Node], kind: str) -> list[tuple[Node, Pin]]:
    return [(node, netlist.pin(node)) for node in nodes if netlist.pin(node).kind == kind]


def _name(node: Node) -> str:
    return f"{node[0]} pin {node[1]}"
