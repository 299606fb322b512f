import { useState } from 'preact/hooks';
import { type ApplyTarget, applyTargets } from '../../model/apply-targets.js';
import { linkToObject } from '../../model/page-route.js';
import type { Tone } from '../../model/tone.js';
import { apply } from '../actions.js';
import { type ApiError, asApiError } from '../api.js';
import { Badge } from '../components/badge.js';
import { Problem } from '../components/problem.js';
import { useSession } from '../hooks.js';
import { useYaml, type Yaml } from '../use-yaml.js';

/** What came of a document. */
interface Result {
  /** Which of the documents. */
  readonly at: number;
  readonly of: ApplyTarget;
  /** `applied`, `would be applied`; else the problem. */
  readonly outcome: string;
  readonly tone: Tone;
}

/** A place for YAML: what is written there is made, or changed, by server-side apply. */
export function Apply() {
  const yaml = useYaml();
  return (
    <section aria-label="Apply">
      <h1>Apply YAML</h1>
      {yaml === null ? <p class="empty">Loading…</p> : <Form yaml={yaml} />}
    </section>
  );
}

function Form({ yaml }: { readonly yaml: Yaml }) {
  const { api, kinds, namespace } = useSession();
  const [text, setText] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [results, setResults] = useState<readonly Result[]>([]);
  const run = async (isDryRun: boolean) => {
    setBusy(true);
    setProblem(null);
    setResults([]);
    try {
      const targets = applyTargets(readDocuments(yaml, text), { kinds: kinds ?? [], namespace });
      for (const [at, of] of targets.entries()) {
        const result = await resultOf(of, () => apply(api, of, { isDryRun }), isDryRun);
        setResults((before) => [...before, { at, ...result }]);
      }
    } catch (error) {
      setProblem(asApiError(error));
    }
    setBusy(false);
  };
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void run(false);
      }}
    >
      <p class="hint">
        One document or several. Those that name no namespace go to {namespace || 'default'}.
      </p>
      <textarea
        aria-label="YAML to apply"
        spellcheck={false}
        rows={24}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Problem problem={problem} />
      <ul class="results" aria-live="polite">
        {results.map((result) => (
          <ResultRow key={result.at} result={result} />
        ))}
      </ul>
      <div class="buttons">
        <button type="button" disabled={isBusy || kinds === null} onClick={() => void run(true)}>
          Check
        </button>
        <button type="submit" class="primary" disabled={isBusy || kinds === null}>
          Apply
        </button>
      </div>
    </form>
  );
}

function ResultRow({ result }: { readonly result: Result }) {
  const { of, outcome, tone } = result;
  const { target, title } = of;
  return (
    <li>
      {target === null ? title : <a href={linkToObject(target)}>{title}</a>}{' '}
      <Badge text={outcome} tone={tone} />
    </li>
  );
}

/** Throws for what is no YAML, with the place. */
function readDocuments(yaml: Yaml, text: string): readonly unknown[] {
  const documents = yaml.parseAllDocuments(text);
  return [...documents].map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as unknown;
  });
}

async function resultOf(
  of: ApplyTarget,
  perform: () => Promise<unknown>,
  isDryRun: boolean,
): Promise<Omit<Result, 'at'>> {
  if (of.target === null) return { of, outcome: of.problem, tone: 'bad' };
  try {
    await perform();
    return { of, outcome: isDryRun ? 'would be applied' : 'applied', tone: 'good' };
  } catch (error) {
    return { of, outcome: asApiError(error).message, tone: 'bad' };
  }
}
