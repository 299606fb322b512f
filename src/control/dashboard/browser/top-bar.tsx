import { useState } from 'preact/hooks';
import { useSession, useTable } from './hooks.js';
import { namespaces } from './known-resources.js';
import { chooseTheme, storedTheme, type Theme } from './theme.js';

/** The bar above everything: whose cluster this is seen as, and which namespace of it. */
export function TopBar(props: {
  readonly onNamespace: (namespace: string) => void;
  readonly onLeave: () => void;
}) {
  const { userName } = useSession();
  return (
    <header class="top-bar">
      <a class="brand" href="#/">
        Flotilla
      </a>
      <NamespaceChoice onNamespace={props.onNamespace} />
      <span class="gap" />
      <ThemeChoice />
      <span class="user" title={userName}>
        {userName}
      </span>
      <button type="button" onClick={props.onLeave}>
        Log out
      </button>
    </header>
  );
}

/** A field rather than a list of choices: who may not list namespaces may still know one. */
function NamespaceChoice({ onNamespace }: { readonly onNamespace: (namespace: string) => void }) {
  const { namespace } = useSession();
  const { items } = useTable({ resource: namespaces, namespace: '' });
  const [text, setText] = useState(namespace);
  const choose = () => onNamespace(text.trim());
  return (
    <form
      class="namespace"
      onSubmit={(event) => {
        event.preventDefault();
        choose();
      }}
    >
      <label for="namespace">Namespace</label>
      <input
        id="namespace"
        type="search"
        list="namespaces"
        placeholder="all"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={choose}
      />
      <datalist id="namespaces">
        {items.map(({ metadata }) => (
          <option key={metadata.name} value={metadata.name} />
        ))}
      </datalist>
    </form>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const onChange = (event: Event) => {
    const chosen = (event.currentTarget as HTMLSelectElement).value as Theme;
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <label class="theme">
      Theme{' '}
      <select value={theme} onChange={onChange}>
        <option value="auto">system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}
