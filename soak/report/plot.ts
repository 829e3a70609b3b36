// Plots of a run as one SVG: panels below each other on one axis of time, with the faults as bands across all of them.

export interface Series {
  readonly name: string;
  /** Seconds since the begin, and value; undefined where there is none: the line has a gap there. */
  readonly points: readonly (readonly [seconds: number, value: number | undefined])[];
}

export interface Panel {
  readonly title: string;
  readonly scale: 'linear' | 'log';
  readonly series: readonly Series[];
}

export interface Band {
  readonly name: string;
  /** Seconds since the begin. */
  readonly from: number;
  readonly to: number;
}

const WIDTH = 1_000;
const PANEL_HEIGHT = 130;
const GAP = 36;
const LEFT = 60;
const RIGHT = 170;
const TOP = 70;
/** Okabe and Ito's, which most people can tell apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];
const TICKS = 4;
const LEAST_OF_LOG = 1;

/** @param seconds length of the axis of time */
export function plot(panels: readonly Panel[], bands: readonly Band[], seconds: number): string {
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP) + 10;
  const x = (at: number): number => LEFT + (at / Math.max(1, seconds)) * (WIDTH - LEFT - RIGHT);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ' font-family="sans-serif" font-size="11">',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...bands.map((band, index) => drawBand(band, index, x, height)),
    ...panels.map((panel, index) => drawPanel(panel, TOP + index * (PANEL_HEIGHT + GAP), seconds, x)),
    '</svg>',
  ].join('\n');
}

function drawBand(
  { name, from, to }: Band,
  index: number,
  x: (at: number) => number,
  height: number,
): string {
  const width = Math.max(2, x(to) - x(from));
  // In three rows, so that neighbours do not overwrite each other.
  const row = 14 + (index % 3) * 14;
  return [
    `<rect x="${fixed(x(from))}" y="${row + 4}" width="${fixed(width)}" height="${height - row - 14}" fill="#d55e00" opacity="0.12"/>`,
    `<text x="${fixed(x(from))}" y="${row}" fill="#a04000">${escaped(name)}</text>`,
  ].join('\n');
}

function drawPanel(
  { title, scale, series }: Panel,
  top: number,
  seconds: number,
  x: (at: number) => number,
): string {
  const values = series.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []));
  const most = Math.max(
    1,
    values.reduce((greatest, value) => Math.max(greatest, value), 0),
  );
  const share = (value: number): number =>
    scale === 'linear'
      ? value / most
      : Math.log(Math.max(LEAST_OF_LOG, value) / LEAST_OF_LOG) / Math.log(Math.max(2, most / LEAST_OF_LOG));
  const y = (value: number): number => top + PANEL_HEIGHT * (1 - share(value));
  const right = WIDTH - RIGHT;
  return [
    `<text x="${LEFT}" y="${top - 6}" font-weight="bold">${escaped(title)}</text>`,
    ...ticksOf(scale, most).map(
      (tick) =>
        `<path d="M${LEFT} ${fixed(y(tick))}H${right}" stroke="#ddd"/><text x="${LEFT - 6}" y="${fixed(y(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ),
    ...Array.from({ length: 11 }, (_, tenth) => {
      const at = (seconds * tenth) / 10;
      return `<text x="${fixed(x(at))}" y="${top + PANEL_HEIGHT + 14}" text-anchor="middle" fill="#666">${clock(at)}</text>`;
    }),
    ...series.map(({ name, points }, index) => {
      const colour = COLOURS[index % COLOURS.length];
      return [
        `<path d="${lineOf(points, x, y)}" fill="none" stroke="${colour}" stroke-width="1.2"/>`,
        `<text x="${right + 10}" y="${top + 12 + index * 14}" fill="${colour}">${escaped(name)}</text>`,
      ].join('');
    }),
  ].join('\n');
}

function lineOf(points: Series['points'], x: (at: number) => number, y: (value: number) => number): string {
  let path = '';
  let isDrawing = false;
  for (const [at, value] of points) {
    if (value !== undefined) path += `${isDrawing ? 'L' : 'M'}${fixed(x(at))} ${fixed(y(value))}`;
    isDrawing = value !== undefined;
  }
  return path;
}

function ticksOf(scale: Panel['scale'], most: number): number[] {
  if (scale === 'linear') return Array.from({ length: TICKS + 1 }, (_, index) => (most * index) / TICKS);
  const ticks: number[] = [];
  for (let tick = LEAST_OF_LOG; tick <= most; tick *= 10) ticks.push(tick);
  return ticks;
}

function label(value: number): string {
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

const fixed = (value: number): string => value.toFixed(1);

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
