// SPDX-License-Identifier: GPL-2.0-only
//
// The page of serve. It draws what /api/events sends and keeps the last minutes itself. What
// is not known is shown as "–", never as 0. Names come from the guest: they go into the page
// as text only.
// Long because a page that is one file has one script.
"use strict";

const KEPT = 300; // intervals
const UNKNOWN = "–";
// What a column shows: key of "fields"; rate: a count, per second where seconds are real. It
// is there once a virtqueue's of is counted, or its rings are looked at.
const COLUMNS = [
	{key: "buffers", name: "buffers", rate: true, of: "kick_buffers"},
	{look: "in_flight", key: "in_flight", name: "in flight", of: "looks"},
	{look: "age_min_ms", name: "oldest"},
	{key: "kicks", name: "kicks", rate: true, of: "kicks"},
	{key: "suppressed_pct", name: "suppr %", of: "opportunities"},
	{key: "buffers_per_kick", name: "buf/kick", of: "kick_buffers"},
	{key: "irqs", name: "irqs", rate: true, of: "irqs"},
	{key: "used_per_irq", name: "buf/irq", of: "used_buffers"},
	{key: "kick_to_irq_p99_us", name: "k→i p99", us: true, of: "latencies"},
	{key: "spurious_pct", name: "spur %", of: "irqs_spurious"},
	{key: "kick_to_irq_p50_us", name: "k→i p50", us: true, of: "latencies"},
];
const there = new Set(); // of these
const KINDS = {
	kick: "kick: cost of a doorbell write",
	irq: "kick to interrupt",
	request: "request: buffer added to taken back",
	batch: "buffers per kick",
	coalesce: "buffers per interrupt",
	occupancy: "buffers in flight at a kick",
};
const TIMES = ["kick", "irq", "request"];
const CHARTS = [
	{name: "kicks, interrupts", keys: ["kicks", "irqs"], rate: true},
	{name: "suppressed kicks, %", keys: ["suppressed_pct"], top: 100},
	{name: "buffers per kick, per interrupt", keys: ["buffers_per_kick", "used_per_irq"]},
	{name: "in flight", keys: ["in_flight"]},
];

const $ = id => document.getElementById(id);
const queues = new Map(); // by device and queue
let rows = null, looks = null, chosen = null, last = 0, missed = 0, over = false;

function element(name, text, cls) {
	const e = document.createElement(name);

	if (text !== undefined)
		e.textContent = text;
	if (cls)
		e.className = cls;
	return e;
}

const isKnown = v => typeof v === "number" && isFinite(v);

function short(v) {
	if (!isKnown(v))
		return UNKNOWN;
	for (const [size, suffix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
		if (Math.abs(v) >= size * (size === 1e3 ? 10 : 1))
			return (v / size).toPrecision(3) + suffix;
	return Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(3)));
}

function duration(ns) {
	if (!isKnown(ns))
		return UNKNOWN;
	for (const [size, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]])
		if (ns >= size)
			return String(Number((ns / size).toPrecision(3))) + " " + unit;
	return String(Number(ns.toPrecision(3))) + " ns";
}

const clock = ms => new Date(ms).toLocaleTimeString([], {hour12: false});
const nameOf = r => r.queue + (r.queue_name ? ":" + r.queue_name : "");
const keyOf = r => r.device + " " + r.queue;
const rateOf = v => isKnown(v) && rows.durations ? v / rows.interval_s : v;

// Buckets of a histogram by powers of two: element k counts values from 2^k to 2^(k+1) - 1.
function octaves(hist) {
	const n = [];

	for (const [low, count] of hist.buckets) {
		const k = low < 2 ? 0 : Math.floor(Math.log2(low));

		n[k] = (n[k] || 0) + count;
	}
	return n;
}

function push(list, v) {
	list.push(v);
	if (list.length > KEPT)
		list.shift();
}

function fresh(r) {
	const q = {gen: r.gen, since: last, series: {}, hist: {}, sum: {}};

	for (const c of CHARTS)
		for (const k of c.keys)
			q.series[k] = [];
	for (const k in KINDS)
		q.hist[k] = [];
	return q;
}

function lookOf(r) {
	const all = looks && looks.rows;

	return all ? all.find(l => l.device === r.device && l.queue === r.queue) : undefined;
}

const isLooked = look => look !== undefined && look.stalled !== null;

function remember(r) {
	let q = queues.get(keyOf(r));
	const look = lookOf(r);

	if (!q || q.gen !== r.gen)
		queues.set(keyOf(r), q = fresh(r));
	for (const c of COLUMNS)
		if (c.look && isLooked(look) || isKnown(r.counters[c.of]) && (rows.durations || !c.us))
			there.add(c);
	for (const k in q.series)
		push(q.series[k], k === "in_flight" ? isLooked(look) ? look.in_flight : r.fields[k]
			: k === "kicks" || k === "irqs" ? rateOf(r.fields[k]) : r.fields[k]);
	for (const k in KINDS) {
		const h = r.hist && r.hist[k], n = h ? octaves(h) : null;

		push(q.hist[k], n);
		if (!n)
			continue;
		q.sum[k] = q.sum[k] || [];
		n.forEach((count, i) => q.sum[k][i] = (q.sum[k][i] || 0) + count);
	}
}

// Lines of one series each in a box of 100 by 20; what is not known is a gap.
function lines(svg, series, classes, top) {
	const NS = "http://www.w3.org/2000/svg";
	let most = top || 0;

	for (const s of series)
		for (const v of s)
			if (isKnown(v) && v > most)
				most = v;
	svg.setAttribute("viewBox", "0 0 100 20");
	svg.setAttribute("preserveAspectRatio", "none");
	svg.replaceChildren();
	series.forEach((s, n) => {
		let points = [];
		const end = () => {
			if (points.length === 1) // a lone point would not be seen
				points.push((parseFloat(points[0]) + 0.4) + "," + points[0].split(",")[1]);
			if (points.length) {
				const line = document.createElementNS(NS, "polyline");

				line.setAttribute("points", points.join(" "));
				line.setAttribute("class", classes[n]);
				svg.append(line);
			}
			points = [];
		};

		s.forEach((v, i) => {
			const x = 100 - (s.length - 1 - i) * 100 / (Math.max(60, s.length) - 1);

			if (isKnown(v))
				points.push(x.toFixed(2) + "," + (19 - 18 * (most ? v / most : 0)).toFixed(2));
			else
				end();
		});
		end();
	});
	return most;
}

function cellText(c, r, look) {
	const v = c.look && isLooked(look) ? look[c.look] : r.fields[c.key];

	if (c.look === "age_min_ms")
		return isKnown(v) ? (look.age_max_ms === null ? ">" : "") + duration(v * 1e6) : UNKNOWN;
	if (c.us)
		return isKnown(v) ? duration(v * 1e3) : UNKNOWN;
	return short(c.rate ? rateOf(v) : v);
}

const shown = () => COLUMNS.filter(c => there.has(c));

function columnName(c) {
	return (rows.emulated ? "~" : "") + c.name + (c.rate && rows.durations ? "/s" : "");
}

function drawRow(tr, r) {
	const look = lookOf(r), q = queues.get(keyOf(r));
	const stalled = look && look.stalled === true;

	tr.className = (stalled ? "stalled " : "") + (keyOf(r) === chosen ? "chosen" : "");
	tr.cells[0].firstChild.textContent = (stalled ? "⚠ " : "") + nameOf(r);
	tr.cells[0].firstChild.setAttribute("aria-pressed", String(keyOf(r) === chosen));
	lines(tr.cells[1].firstChild, [q.series.kicks.slice(-60), q.series.irqs.slice(-60)], ["kick", "irq"]);
	shown().forEach((c, i) => {
		tr.cells[i + 2].textContent = cellText(c, r, look);
		tr.cells[i + 2].dataset.name = columnName(c);
	});
}

function makeRow(r) {
	const tr = element("tr"), first = element("td"), spark = element("td", undefined, "spark");
	const button = element("button");

	button.type = "button";
	button.addEventListener("click", () => {
		chosen = keyOf(r);
		draw();
	});
	first.append(button);
	spark.append(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
	tr.append(first, spark, ...shown().map(() => element("td")));
	return tr;
}

function makeDevice(name, list) {
	const box = element("div", undefined, "device"), table = element("table");
	const head = element("thead"), line = element("tr"), body = element("tbody"), title = element("h2", name);

	line.append(element("th", "virtqueue"), element("th", "recent", "spark"),
		...shown().map(c => element("th", columnName(c))));
	head.append(line);
	body.append(...list.map(makeRow));
	table.append(head, body);
	title.append(element("small"));
	box.append(title, table);
	return box;
}

// What stands behind a device's name: who it is, and what is counted of it as a whole.
function deviceText(d, q) {
	const r = d || q, text = [r.driver, r.transport, r.irq_mode || UNKNOWN];

	if (d) {
		const per = rows.durations ? "/s" : "";

		text.push((rows.emulated ? "~" : "") + short(rateOf(d.fields.irqs)) + " irqs" + per);
		if (isKnown(d.fields.accesses))
			text.push(short(rateOf(d.fields.accesses)) + " register accesses" + per);
	}
	return text.join(" · ");
}

let shape = "";

function drawQueues() {
	const devices = new Map();

	for (const r of rows.rows) {
		if (!devices.has(r.device))
			devices.set(r.device, {row: null, list: []});
		if (r.queue === null)
			devices.get(r.device).row = r;
		else
			devices.get(r.device).list.push(r);
	}
	const now = JSON.stringify([rows.durations, there.size, ...[...devices].map(([n, d]) => [n, d.list.map(keyOf)])]);

	if (now !== shape) {
		shape = now;
		$("queues").replaceChildren(...[...devices].map(([n, d]) => makeDevice(n, d.list)));
	}
	[...devices.values()].forEach((d, i) => {
		const box = $("queues").children[i];

		box.querySelector("small").textContent = deviceText(d.row, d.list[0]);
		d.list.forEach((r, k) => drawRow(box.querySelector("tbody").rows[k], r));
	});
}

function stallLine(l) {
	const p = element("p"), ms = l.stalled_ms;

	p.append(element("b", l.device + " " + nameOf(l)), " " + l.cause + ", " +
		(l.stalled ? "for " : "over after ") + duration(ms * 1e6) + (l.in_flight === null ? "" : ", " + l.in_flight + " in flight"));
	return [p, element("p", l.evidence, "evidence")];
}

// A device that its driver does not come back from has no queue in its row.
function stallCount(stalled) {
	const devices = stalled.filter(l => l.queue === null).length, queues = stalled.length - devices;
	const of = (n, what) => n ? [n + " " + what + (n === 1 ? "" : "s")] : [];

	return [...of(devices, "device"), ...of(queues, "virtqueue")].join(" and ") +
		(stalled.length === 1 ? " is stalled" : " are stalled");
}

function drawStalls() {
	const box = $("stalls"), unread = looks && looks.rows ? looks.rows.filter(l => l.stalled === null) : [];
	const found = looks && looks.rows ? looks.rows.filter(l => l.cause) : [];
	const stalled = found.filter(l => l.stalled);
	const out = [];

	if (!looks || !looks.rows) {
		box.className = "unknown";
		out.push(element("p", "Stalls: " + UNKNOWN + (looks ? " not watched: " + looks.why : "")));
	} else if (stalled.length) {
		box.className = "stalled";
		out.push(element("p", stallCount(stalled)));
	} else {
		box.className = unread.length || looks.queues_unplaced ? "unknown" : "none";
		out.push(element("p", "No virtqueue is stalled" + (looks.rows.length ? "" : " (none is there)")));
	}
	found.sort((a, b) => b.stalled - a.stalled).forEach(l => out.push(...stallLine(l)));
	if (unread.length || (looks && looks.queues_unplaced))
		out.push(element("p", "Not looked at: " + unread.map(l => l.device + " " + nameOf(l)).join(", ") +
			(looks.queues_unplaced ? " and " + looks.queues_unplaced + " without room" : "")));
	box.replaceChildren(...out);
}

const isSeen = (c, q) => c.keys.some(k => q.series[k].some(isKnown));

function drawCharts(q) {
	$("charts").replaceChildren(...CHARTS.filter(c => isSeen(c, q)).map(c => {
		const div = element("div"), title = element("h3"), svg =
			document.createElementNS("http://www.w3.org/2000/svg", "svg");
		const most = lines(svg, c.keys.map(k => q.series[k]), ["kick", "irq"], c.top);

		title.textContent = (rows.emulated ? "~" : "") + c.name + (c.rate && rows.durations ? " per s" : "") +
			(c.top ? "" : ", top " + short(most));
		div.append(title, svg);
		return div;
	}));
}

// What an octave holds: times from here up, counts from and to.
const bound = (kind, k) => TIMES.includes(kind) ? "≥ " + duration(k ? 2 ** k : 0)
	: short(k ? 2 ** k : 0) + "–" + short(2 ** (k + 1) - 1);

function drawShape(kind, q) {
	const div = element("div"), bars = element("div", undefined, kind === "irq" || kind === "coalesce" ? "bars irq" : "bars");
	const n = q.sum[kind];

	div.append(element("h3", KINDS[kind] + ", since " + clock(q.since)), bars);
	if (!n.length)
		bars.append(element("span", "no samples"));
	const most = Math.max(...n.filter(isKnown)), first = n.findIndex(isKnown);

	for (let k = first; k >= 0 && k < n.length; k++) {
		const bar = element("i");

		bar.style.width = n[k] ? "max(1px, " + 100 * n[k] / most + "%)" : "0";
		bars.append(element("span", bound(kind, k)), bar, element("span", short(n[k] || 0)));
	}
	return div;
}

function drawHeat(q) {
	const kind = $("kind").value, columns = q.hist[kind], canvas = $("heat");
	const rgb = getComputedStyle(document.documentElement).getPropertyValue("--heat");
	let low = Infinity, high = -Infinity, most = 0;

	for (const n of columns)
		if (n)
			n.forEach((count, k) => {
				low = Math.min(low, k);
				high = Math.max(high, k);
				most = Math.max(most, count);
			});
	canvas.width = KEPT;
	canvas.height = most ? Math.max(8, high - low + 1) : 8;
	if (most && high - low < 7)
		high = low + 7;
	$("scale").replaceChildren(...(most ? [high, low] : []).map(k => element("span", bound(kind, k))));
	const c = canvas.getContext("2d");

	columns.forEach((n, i) => {
		const x = KEPT - columns.length + i;

		if (!n) { // not known: hatched, where an empty column is just empty
			c.fillStyle = "rgba(128, 128, 128, 0.25)";
			for (let y = i % 2; y < canvas.height; y += 2)
				c.fillRect(x, y, 1, 1);
			return;
		}
		n.forEach((count, k) => {
			c.fillStyle = "rgba(" + rgb + ", " + (0.15 + 0.85 * Math.log1p(count) / Math.log1p(most)) + ")";
			c.fillRect(x, canvas.height - 1 - (k - low), 1, 1);
		});
	});
	$("span").textContent = "the last " + KEPT + " intervals of " + rows.interval_s.toFixed(rows.interval_s < 1 ? 2 : 0) + " s, the newest on the right" +
		(columns.some(n => n) ? "" : "; not known: " + UNKNOWN);
}

function drawDetail() {
	const r = rows.rows.find(x => x.queue !== null && keyOf(x) === chosen);
	const q = r && queues.get(chosen);

	$("detail").hidden = !q;
	if (!q)
		return;
	$("which").textContent = r.device + " " + nameOf(r) + (r.ring_size ? ", ring of " + r.ring_size : "") +
		(r.packed ? ", packed" : "");
	drawCharts(q);
	const shapes = rows.durations ? ["kick", "irq", "batch", "coalesce"] : ["batch", "coalesce", "kick", "irq"];

	const unknown = [...CHARTS.filter(c => !isSeen(c, q)).map(c => c.name),
		...shapes.filter(k => !q.sum[k]).map(k => KINDS[k])];

	$("shapes").replaceChildren(...shapes.filter(k => q.sum[k]).map(k => drawShape(k, q)));
	$("unknown").textContent = unknown.length ? "Not known so far: " + unknown.join("; ") + "." : "";
	drawHeat(q);
}

// The first one that is shown in full: what is stalled, else what does most.
function choose() {
	const list = rows.rows.filter(r => r.queue !== null);
	const stalled = list.find(r => (lookOf(r) || {}).stalled === true);

	if (chosen !== null || !list.length)
		return;
	const busy = list.reduce((a, b) => (b.fields.kicks || 0) > (a.fields.kicks || 0) ? b : a);

	if (stalled || busy.fields.kicks) {
		chosen = keyOf(stalled || busy);
		$("kind").value = rows.durations ? "irq" : "coalesce";
	}
}

function drawAbout() {
	const notes = [];

	$("about").textContent = "every " + rows.interval_s.toFixed(rows.interval_s < 1 ? 2 : 0) + " s · " + rows.accel + " · by " + rows.source +
		(rows.events_lost ? " · " + rows.events_lost + " events lost" : "");
	if (rows.emulated)
		notes.push("~: under emulation (" + rows.accel + ") counts that depend on scheduling are true of this run only.");
	if (!rows.durations)
		notes.push("Durations and rates are not shown: no time is real here (--emulated-time shows them), or the clock traps; counts are of an interval.");
	if (rows.queues_unplaced)
		notes.push(rows.queues_unplaced + " virtqueues are not counted, for want of room.");
	if (rows.unseen_devices)
		notes.push(rows.unseen_devices + " devices work and no hook sees them.");
	if (missed)
		notes.push("Intervals are missing at " + missed + " places: sums and lines lack them.");
	notes.push(UNKNOWN + ": not known. Lines: kicks blue, interrupts orange.");
	$("notes").textContent = notes.join(" ");
}

function draw() {
	drawStalls();
	if (!rows)
		return;
	choose();
	drawAbout();
	drawQueues();
	drawDetail();
}

function state(cls, text) {
	$("state").className = cls;
	$("state").textContent = text;
	document.body.classList.toggle("old", cls === "lost");
}

// An interval that is not the next one: this page was too slow for those between.
function takeRows(e) {
	const next = JSON.parse(e.data);

	if (rows && next.time_ms - rows.time_ms > 1500 * next.interval_s) {
		missed++;
		gap();
	}
	rows = next;
	last = Date.now();
}

// Nobody knows what was in between.
function gap() {
	for (const q of queues.values()) {
		for (const k in q.series)
			push(q.series[k], null);
		for (const k in q.hist)
			push(q.hist[k], null);
	}
}

// The stalls come right behind the rows, and end the interval.
function takeStalls(e) {
	looks = JSON.parse(e.data);
	if (rows && !over)
		state("live", "live, " + clock(last));
	for (const r of rows ? rows.rows : [])
		if (r.queue !== null)
			remember(r);
	draw();
}

function connect() {
	const source = new EventSource("api/events");

	source.addEventListener("rows", takeRows);
	source.addEventListener("stalls", takeStalls);
	source.addEventListener("end", () => {
		over = true;
		state("over", "the recording is over; its last interval");
		source.close();
	});
	source.onerror = () => {
		if (over)
			return;
		state("lost", "connection lost" + (last ? "; this is of " + clock(last) : ""));
		gap();
		if (source.readyState === EventSource.CLOSED)
			setTimeout(connect, 3000);
	};
}

setInterval(() => {
	const late = 3 * (rows ? rows.interval_s : 1) + 5;

	if (last && !over && Date.now() - last > late * 1000)
		state("lost", "nothing came for " + Math.round((Date.now() - last) / 1000) + " s; this is of " + clock(last));
}, 1000);
for (const k in KINDS) {
	const option = element("option", KINDS[k]);

	option.value = k;
	$("kind").append(option);
}
$("kind").addEventListener("change", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
connect();
