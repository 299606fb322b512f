import { type Tone, toneOf } from '../../model/tone.js';

/** A status, coloured by how good it is. */
export function Badge({
  text,
  tone = toneOf(text),
}: {
  readonly text: string;
  readonly tone?: Tone;
}) {
  return <span class={`badge ${tone}`}>{text}</span>;
}
