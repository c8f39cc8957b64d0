// The case. All numbers come from layout.scad, which `python -m hardware.enclosure` writes into the
// output folder out of dimensions.toml; to open this file by hand, set OPENSCADPATH to that folder.
// Lengths are in mm. `view` says what to make; `folder` is where the STL files for pictures are.

include <layout.scad>

view = "assembled";
folder = "out";
$fn = 48;
far = 300;

// ---- shapes

// A cut-out: [face, kind, x, y, width, height, radius, depth, bevel]
module shape(c) {
    translate([c[2], c[3]])
        if (c[6] > 0) hull() for (i = [-1, 1], j = [-1, 1])
            translate([i * (c[4] / 2 - c[6]), j * (c[5] / 2 - c[6])]) circle(c[6]);
        else square([c[4], c[5]], center = true);
}

module cuts(face, kind) {
    for (c = cut_outs) if (c[0] == face && c[1] == kind) shape(c);
}

// Letters: [face, text, x, y, size]
module lettering(face) {
    for (l = letters) if (l[0] == face)
        translate([l[2], l[3]])
            text(l[1], size = l[4], font = font, halign = "center", valign = "center", $fn = 6);
}

module rounded(size) {
    translate([corner_radius, corner_radius])
        offset(corner_radius) square([size[0] - 2 * corner_radius, size[1] - 2 * corner_radius]);
}

// From the panel's frame to the case's.
module on_panel() {
    translate([0, 0, front_height]) rotate([slope, 0, 0]) children();
}

// ---- the panel: lying on its underside, as it is printed

module panel() {
    difference() {
        union() {
            // In layers, as every cut-out is straight: much faster than cutting in space.
            for (i = [0 : len(panel_levels) - 2]) {
                low = panel_levels[i];
                high = panel_levels[i + 1];
                translate([0, 0, low]) linear_extrude(high - low) panel_layer(low);
            }
        }
        for (c = cut_outs) if (c[0] == "panel" && c[8] > 0) bevel(c);
    }
}

module panel_layer(low) {
    slack = 0.001;
    difference() {
        rounded([width, panel_length]);
        cuts("panel", "through");
        for (c = cut_outs) if (c[0] == "panel") {
            if (c[1] == "blind" && c[7] > low + slack) shape(c);
            if (c[1] == "recess" && panel_thickness - c[7] < low + slack) shape(c);
        }
        if (panel_thickness - letter_depth < low + slack) lettering("panel");
    }
}

// A window's slanted edge, half a right angle, from above.
module bevel(c) {
    above = 1;
    translate([c[2], c[3], panel_thickness - c[8]]) hull() {
        linear_extrude(0.01) square([c[4] - 0.02, c[5] - 0.02], center = true);
        translate([0, 0, c[8] + above]) linear_extrude(0.01)
            square([c[4] + 2 * (c[8] + above), c[5] + 2 * (c[8] + above)], center = true);
    }
}

// For a laser or a mill: a panel of 2 mm metal. The pad is glued on top and the inserts become
// threads; the nuts need no recess.
module panel_outline() {
    difference() {
        rounded([width, panel_length]);
        cuts("panel", "through");
        for (p = posts) translate(p) circle(d = m3_tap);
    }
}

// ---- the body: standing on its floor, as it is printed

module body() {
    difference() {
        union() {
            linear_extrude(floor_thickness) rounded([width, depth]);
            linear_extrude(rear_height) difference() {
                rounded([width, depth]);
                offset(-wall) rounded([width, depth]);
            }
            intersection() {
                linear_extrude(far) rounded([width, depth]);
                for (p = posts)
                    on_panel() translate([p[0], p[1], -far]) cylinder(d = post, h = far + 10);
            }
            for (s = standoffs)
                translate([s[0], s[1], 0]) cylinder(d = standoff, h = floor_thickness + s[2]);
        }
        on_panel() translate([-far, -far, 0]) cube(2 * far);
        translate([0, 0, -far]) linear_extrude(far) square(2 * far, center = true);
        for (p = posts) on_panel() translate([p[0], p[1], 0]) screw_way();
        for (s = standoffs) if (s[3])
            translate([s[0], s[1], 0.8]) cylinder(d = m25_pilot, h = far);
        translate([0, 0, -1]) linear_extrude(floor_thickness + 2) cuts("floor", "through");
        for (c = cut_outs) if (c[0] == "floor" && c[1] == "recess")
            translate([0, 0, -1]) linear_extrude(1 + c[7]) shape(c);
        translate([0, depth + 1, 0]) rotate([90, 0, 0])
            linear_extrude(wall + 2) cuts("rear", "through");
        translate([width - wall - 1, 0, 0]) rotate([90, 0, 90])
            linear_extrude(wall + 2) cuts("right", "through");
        rear_letters(1);
    }
}

// A screw's way from below: its shaft, a cone for its countersunk head, which prints without
// support, and the head's way in.
module screw_way() {
    cone = (m3_head - m3_hole) / 2;
    translate([0, 0, -far]) cylinder(d = m3_hole, h = 2 * far);
    translate([0, 0, -m3_grip]) cylinder(d1 = m3_head, d2 = m3_hole, h = cone);
    translate([0, 0, -far]) cylinder(d = m3_head, h = far - m3_grip);
}

// Readable from behind: each word is turned about its own middle.
module rear_letters(above) {
    for (l = letters) if (l[0] == "rear")
        translate([l[2], depth - letter_depth, l[3]]) rotate([90, 0, 180])
            linear_extrude(letter_depth + above)
                text(l[1], size = l[4], font = font, halign = "center", valign = "center", $fn = 6);
}

// ---- the carrier of the switches: lying on its underside, as it is printed

module carrier() {
    difference() {
        union() {
            linear_extrude(carrier_size[2]) rounded_about(carrier_at, carrier_size);
            linear_extrude(carrier_size[2] + carrier_rim) difference() {
                for (s = switches) translate(s) square(switch_size + 3.2, center = true);
                for (s = switches) translate(s) square(switch_size, center = true);
            }
        }
        for (h = carrier_holes) translate([h[0], h[1], -1]) cylinder(d = m25_hole, h = far);
        for (s = switches, i = [-1, 1], j = [-1, 1])
            translate([s[0] + i * leg_pitch[0] / 2, s[1] + j * leg_pitch[1] / 2, -1])
                cylinder(d = 2.4, h = far, $fn = 16);
    }
}

module rounded_about(at, size) {
    translate(at) offset(2) square([size[0] - 4, size[1] - 4], center = true);
}

// ---- pictures

module parts(frame) {
    for (b = bodies) if (b[0] == frame)
        color(b[7]) translate([b[1], b[3], b[5]]) cube([b[2] - b[1], b[4] - b[3], b[6] - b[5]]);
}

// What is seen from above: [x, y, width, height, z, top, colour, round]
module handles() {
    for (h = handles) translate([h[0], h[1], h[4]]) {
        tall = h[5] - h[4];
        color(h[6])
            if (h[7]) cylinder(d1 = h[2], d2 = tall > 5 ? h[2] - 1.5 : h[2], h = tall);
            else translate([-h[2] / 2, -h[3] / 2, 0]) cube([h[2], h[3], tall]);
        if (h[7] && tall > 5)
            color("white") translate([-0.5, 0.5, tall - 0.4]) cube([1, h[2] / 2 - 1.5, 0.6]);
    }
}

module painted_panel() {
    color("#4a4d52") import(str(folder, "/panel.stl"));
    color("white") translate([0, 0, panel_thickness - letter_depth])
        linear_extrude(letter_depth + 0.02) lettering("panel");
}

// The panel with everything on and under it, in the panel's frame.
module dressed_panel() {
    painted_panel();
    handles();
    parts("panel");
}

// The body with its boards.
module dressed_body() {
    color("#8a8d92") import(str(folder, "/body.stl"));
    color("white") rear_letters(0.02);
    parts("case");
    for (r = rear_rounds)
        color(r[4]) translate([r[0], depth, r[1]]) rotate([-90, 0, 0]) cylinder(d = r[2], h = r[3]);
    // What one sees of the DIN sockets from behind.
    for (d = din_sockets) translate([d[0], depth + 0.01, d[1]]) rotate([90, 0, 0]) {
        color("silver") difference() {
            cylinder(d = 15, h = 0.1, center = true);
            cylinder(d = 13.2, h = 1, center = true);
        }
        color("gold") for (a = [-90 : 45 : 90])
            rotate(a) translate([0, 3.5, 0]) cylinder(d = 1.8, h = 0.2, center = true);
    }
}

if (view == "panel") panel();
if (view == "body") body();
if (view == "carrier") translate([-carrier_at[0], -carrier_at[1], 0]) carrier();
if (view == "panel_outline") panel_outline();
if (view == "panel_picture") dressed_panel();
if (view == "assembled") { dressed_body(); on_panel() dressed_panel(); }
// As on the bench: the body from above, and behind it the panel on its face.
if (view == "inside") {
    dressed_body();
    translate([0, 2 * depth + 25, 20]) rotate([180, 0, 0]) dressed_panel();
}
if (view == "exploded") { dressed_body(); translate([0, 0, 85]) on_panel() dressed_panel(); }
