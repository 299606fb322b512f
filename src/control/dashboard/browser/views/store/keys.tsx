import { useState } from 'preact/hooks';
import type { KeyListing } from '../../../model/store-documents.js';
import { Problem } from '../../components/problem.js';
import { useLoaded, useSession } from '../../hooks.js';
import { KeyChanges } from './key-changes.js';
import { KeyView } from './key-view.js';

/** The keys of the store as folders, cut at slashes. */
export function Keys() {
  const [prefix, setPrefix] = useState('/registry/');
  const [typed, setTyped] = useState(prefix);
  const [chosen, setChosen] = useState('');
  const [isWatched, setWatched] = useState(false);
  const open = (next: string) => {
    setPrefix(next);
    setTyped(next);
    setChosen('');
  };
  return (
    <div class="keys">
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          open(typed);
        }}
      >
        <label class="wide">
          Prefix{' '}
          <input
            type="text"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="submit">List</button>
        <button type="button" disabled={prefix === ''} onClick={() => open(parentOf(prefix))}>
          Up
        </button>
        <label>
          <input type="checkbox" checked={isWatched} onChange={() => setWatched(!isWatched)} />{' '}
          watch
        </label>
      </form>
      {isWatched && <KeyChanges key={prefix} prefix={prefix} onChoose={setChosen} />}
      <div class="halves">
        <Listing key={prefix} prefix={prefix} chosen={chosen} onOpen={open} onChoose={setChosen} />
        {chosen !== '' && <KeyView key={chosen} name={chosen} />}
      </div>
    </div>
  );
}

/** The folder above a prefix. */
function parentOf(prefix: string): string {
  return prefix.slice(0, prefix.replace(/\/$/, '').lastIndexOf('/') + 1);
}

function Listing(props: {
  readonly prefix: string;
  readonly chosen: string;
  readonly onOpen: (prefix: string) => void;
  readonly onChoose: (key: string) => void;
}) {
  const { prefix, chosen, onOpen, onChoose } = props;
  const { api } = useSession();
  /** Where the pages before this one ended. */
  const [trail, setTrail] = useState<readonly string[]>([]);
  const query = new URLSearchParams({ prefix, after: trail.at(-1) ?? '' });
  const path = `/flotilla/store/keys?${query}`;
  const { value, problem, reload } = useLoaded(path, (signal) =>
    api.json<KeyListing>(path, { signal }),
  );
  return (
    <section aria-label="Keys">
      <Problem problem={problem} />
      {value !== null && (
        <p class="hint">
          {value.count} keys below {value.prefix === '' ? 'the root' : value.prefix} at revision{' '}
          {value.revision}
        </p>
      )}
      <ul class="key-list">
        {value?.folders.map((folder) => (
          <li key={folder.prefix}>
            <button type="button" onClick={() => onOpen(folder.prefix)}>
              {folder.prefix.slice(prefix.length)} <span class="hint">{folder.count}</span>
            </button>
          </li>
        ))}
        {value?.keys.map(({ key, modRevision }) => (
          <li key={key}>
            <button type="button" aria-pressed={key === chosen} onClick={() => onChoose(key)}>
              {key.slice(prefix.length) || key} <span class="hint">revision {modRevision}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" onClick={reload}>
          Refresh
        </button>
        {trail.length > 0 && (
          <button type="button" onClick={() => setTrail(trail.slice(0, -1))}>
            Previous page
          </button>
        )}
        {value !== null && value.next !== '' && (
          <button type="button" onClick={() => setTrail([...trail, value.next])}>
            Next page
          </button>
        )}
      </div>
    </section>
  );
}
