// What all charts have in common: the title, the machine, the colours.

export const WIDTH = 460;

// Okabe and Ito's palette, which colour-blind readers tell apart; ours is also larger, and its name bold.
const COLOURS = {
  ours: '#D55E00',
  node: '#0072B2',
  others: '#5F6B73',
  floor: '#000000',
};

/** @returns a group of COLOURS */
export function groupOf({ id, ours }) {
  if (ours) return 'ours';
  if (id.startsWith('node-')) return 'node';
  return id.startsWith('c') ? 'floor' : 'others';
}

export const colour = {
  field: 'group',
  type: 'nominal',
  scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
  legend: null,
};

/** A panel's title, where its axis begins: so the panels of a page stand in one line. */
export const heading = (text) => ({
  text: text[0].toUpperCase() + text.slice(1),
  ...{ anchor: 'start', frame: 'group', fontSize: 13, offset: 8 },
});

/** Three digits, however large or small. */
export const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The words below a title: what the axis means. */
export const explain = ({ unit, more }) => `${unit}, ${more ? 'more' : 'less'} is better`;

/** @param {object[]} panels each a Vega-Lite view, one below the other */
export function page(title, panels, machine) {
  return {
    description: title,
    title: {
      text: title,
      subtitle: machineLine(machine),
      ...{ anchor: 'start', fontSize: 16, subtitleFontSize: 11, subtitleColor: '#555', offset: 14 },
    },
    background: 'white',
    padding: 16,
    vconcat: panels,
    spacing: 28,
    resolve: { scale: { y: 'independent', x: 'independent' } },
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        labelFontSize: 11,
        titleFontSize: 11,
        titleFontWeight: 'normal',
        gridColor: '#e4e4e4',
      },
      text: { fontSize: 11 },
    },
  };
}

function machineLine({ cpu, cores, kernel, reapedBy }) {
  const [, release] = /^\S+ ([\d.]+\d)/.exec(kernel) ?? [undefined, kernel];
  return `${cpu}, ${cores} cores, Linux ${release}; children of autoreap reaped by ${reapedBy}`;
}
