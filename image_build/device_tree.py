"""The device trees: Debian's own for each Raspberry Pi, and what board.toml says is soldered.

Debian's trees have no names for overlays to refer to, so what an overlay would do is appended to
each tree as text, by full paths, and compiled with it.
"""

from __future__ import annotations

from pathlib import Path

from hardware.pin_map import PinMap
from image_build.steps import run

__all__ = ["compile_tree", "our_part"]

GPIO = "&{/soc/gpio@7e200000}"
ALT0, INPUT = 4, 0
"""brcm,function of the pin controller's binding (brcm,bcm2835-gpio): alternative 0 is SPI0's."""
PULL_UP = 2
ACTIVE_LOW = 1
KEY_POWER = 116
"""linux/input-event-codes.h"""
POWER_BOUNCE_MS = 50
USB_ROLES = {
    "bcm2837-rpi-zero-2-w": "otg",  # its socket's ID pin tells a computer from a stick
    "bcm2711-rpi-4-b": "peripheral",  # the USB-C socket; sticks go into the others
}
"""What the USB controller is; on a Raspberry Pi 3 a hub takes it, and it stays the host."""
CARD = {"bcm2711-rpi-4-b": "/emmc2bus/mmc@7e340000"}
USUAL_CARD = "/soc/mmc@7e202000"
"""The controller of the SD card."""


def our_part(pin_map: PinMap, board: str) -> str:
    """What is appended to the source of ``board``'s tree."""
    oled, i2c = pin_map.oled, pin_map.i2c
    usb = USB_ROLES.get(board, "host")
    return f"""
/* Debian's trees leave these numbers to the order in which the drivers come. */
&{{/aliases}} {{
	i2c{i2c.bus} = "/soc/i2c@7e804000";
	spi{oled.spi_port} = "/soc/spi@7e204000";
	mmc0 = "{CARD.get(board, USUAL_CARD)}";
}};

{GPIO} {{
	/* The Zero 2 W's tree has GPIO 4 to 11 as the controller's own: SPI could not have its pins. */
	/delete-property/ pinctrl-0;
	/delete-property/ pinctrl-names;
	groovebox_spi: groovebox_spi {{
		brcm,pins = <{oled.mosi} {oled.sclk}>;
		brcm,function = <{ALT0}>;
	}};
	groovebox_power: groovebox_power {{
		brcm,pins = <{pin_map.power_button}>;
		brcm,function = <{INPUT}>;
		brcm,pull = <{PULL_UP}>;
	}};
}};

&{{/soc/spi@7e204000}} {{
	status = "okay";
	pinctrl-names = "default";
	pinctrl-0 = <&groovebox_spi>;
	cs-gpios = <{GPIO} {oled.ce} {ACTIVE_LOW}>;
	display@{oled.spi_device} {{
		compatible = "rohm,dh2228fv"; /* the kernel's list of what spidev serves has no display */
		reg = <{oled.spi_device}>;
		spi-max-frequency = <{oled.speed_hz}>;
	}};
}};

&{{/soc/i2c@7e804000}} {{
	status = "okay";
	clock-frequency = <{i2c.speed_hz}>;
}};

/* MIDI: the better UART, on the header, which Bluetooth has by default; no console. */
&{{/soc/serial@7e201000}} {{
	pinctrl-names = "default";
	pinctrl-0 = <&{{/soc/gpio@7e200000/uart0_gpio14}}>;
	/delete-node/ bluetooth;
}};
&{{/soc/serial@7e215040}} {{
	status = "disabled";
}};
&{{/chosen}} {{
	/delete-property/ stdout-path;
}};

&{{/soc/usb@7e980000}} {{
	dr_mode = "{usb}";
}};

/* Shines while the card is read or written, as on Raspberry Pi OS. */
&{{/leds/led-act}} {{
	linux,default-trigger = "mmc0";
}};

&{{/}} {{
	power-button {{
		compatible = "gpio-keys";
		pinctrl-names = "default";
		pinctrl-0 = <&groovebox_power>;
		button {{
			label = "power";
			linux,code = <{KEY_POWER}>;
			gpios = <{GPIO} {pin_map.power_button} {ACTIVE_LOW}>;
			debounce-interval = <{POWER_BOUNCE_MS}>;
		}};
	}};
}};
"""


def compile_tree(debian: Path, pin_map: PinMap, target: Path) -> None:
    """Make ``target`` from Debian's tree of a board. Raises BuildError."""
    source = run("dtc", "-I", "dtb", "-O", "dts", "-q", debian)
    text = target.with_suffix(".dts")
    text.write_text(source + our_part(pin_map, debian.stem))
    run("dtc", "-I", "dts", "-O", "dtb", "-q", "-@", "-o", target, text)
    text.unlink()
