/** A number with the labels that say what it is of. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since the epoch, when it was measured; without: when it is read. */
  readonly atMs?: number;
}

/** Numbers of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What the text is, to HTTP. */
export const metricTextType = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus' text format, version 0.0.4. Families without samples are left out. */
export function metricText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map((sample) => `${name}${textOf(sample)}\n`);
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function textOf({ labels, value, atMs }: Sample): string {
  const pairs = Object.entries(labels).map(
    ([name, text]) => `${name}="${escaped(text).replaceAll('"', '\\"')}"`,
  );
  const of = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${of} ${value}${atMs === undefined ? '' : ` ${Math.floor(atMs)}`}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
