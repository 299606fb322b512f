import { useState } from 'preact/hooks';
import { type JsonChange, jsonChanges } from '../../../model/json-diff.js';
import type { JsonValue } from '../../../model/merge.js';
import type { KeyChange, KeyHistory } from '../../../model/store-documents.js';
import { Problem } from '../../components/problem.js';
import { useLoaded, useSession } from '../../hooks.js';

const changesMax = 50;

/** A key through the revisions that the store still knows: what it was at each, and what had changed. */
export function KeyView({ name }: { readonly name: string }) {
  const { api } = useSession();
  const path = `/flotilla/store/keys/history?${new URLSearchParams({ key: name })}`;
  const { value, problem, reload } = useLoaded(path, (signal) =>
    api.json<KeyHistory>(path, { signal }),
  );
  const [revision, setRevision] = useState('');
  const changes = value?.changes ?? [];
  const found = changes.findIndex(({ modRevision }) => modRevision === revision);
  const at = found >= 0 ? found : changes.length - 1;
  const change = changes[at];
  return (
    <section class="key" aria-label={name}>
      <h2>
        <code>{name}</code>
      </h2>
      <Problem problem={problem} />
      {value !== null && (
        <p class="hint">
          {value.compactRevision === '0'
            ? 'Nothing is compacted. '
            : `Compacted up to revision ${value.compactRevision}. `}
          {value.isCut ? 'Older changes are left out.' : ''}
        </p>
      )}
      {changes.length > 0 && (
        <label>
          Revision{' '}
          <select
            value={change?.modRevision}
            onChange={(event) => setRevision(event.currentTarget.value)}
          >
            {[...changes].reverse().map((each) => (
              <option key={each.modRevision} value={each.modRevision}>
                {each.modRevision} {each.type === 'delete' ? 'deleted' : `version ${each.version}`}
              </option>
            ))}
          </select>
        </label>
      )}{' '}
      <button type="button" onClick={reload}>
        Refresh
      </button>
      {value !== null && changes.length === 0 && (
        <p class="empty">The store does not know this key.</p>
      )}
      {change !== undefined && <Change change={change} before={changes[at - 1]} />}
    </section>
  );
}

function Change(props: { readonly change: KeyChange; readonly before: KeyChange | undefined }) {
  const { change, before } = props;
  if (change.type === 'delete') return <p>Deleted at revision {change.modRevision}.</p>;
  const json = jsonOf(change);
  const earlier = before === undefined ? undefined : jsonOf(before);
  return (
    <>
      <dl>
        <dt>Created at</dt>
        <dd>revision {change.createRevision}</dd>
        <dt>Lease</dt>
        <dd>{change.lease === '' ? 'none' : change.lease}</dd>
        <dt>Size</dt>
        <dd>{change.sizeBytes} bytes</dd>
      </dl>
      {json !== undefined && earlier !== undefined && (
        <Differences changes={jsonChanges(earlier, json)} />
      )}
      <pre class="text value">
        {json === undefined ? plainValue(change) : JSON.stringify(json, null, 2)}
      </pre>
    </>
  );
}

function Differences({ changes }: { readonly changes: readonly JsonChange[] }) {
  return (
    <ul class="differences" aria-label="Changes">
      {changes.slice(0, changesMax).map(({ path, before, after }) => (
        <li key={path}>
          <code>
            {path}: <del>{short(before)}</del> <ins>{short(after)}</ins>
          </code>
        </li>
      ))}
      {changes.length > changesMax && <li>and {changes.length - changesMax} more</li>}
    </ul>
  );
}

function short(value: JsonValue | undefined): string {
  const text = value === undefined ? '(nothing)' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

/** Undefined for what is no JSON. */
function jsonOf(change: KeyChange): JsonValue | undefined {
  if (change.type === 'delete' || change.value.encoding !== 'utf-8') return undefined;
  try {
    return JSON.parse(change.value.data) as JsonValue;
  } catch {
    return undefined;
  }
}

function plainValue({ value }: Extract<KeyChange, { type: 'put' }>): string {
  return value.encoding === 'utf-8' ? value.data : `base64:\n${value.data}`;
}
