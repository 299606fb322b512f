/** One line of metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const linePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus' text format; only metrics whose names `wants` takes. Lines that it cannot read are left out. */
export function parseMetrics(text: string, wants: (name: string) => boolean): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = linePattern.exec(line);
    if (match === null) continue;
    const [, name = '', labels = '', value = ''] = match;
    if (wants(name)) samples.push({ name, labels: parseLabels(labels), value: numberOf(value) });
  }
  return samples;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(labelPattern))
    labels[name] = unescaped(value);
  return labels;
}

function unescaped(value: string): string {
  return value.includes('\\')
    ? value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
    : value;
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}
