import { useState } from 'preact/hooks';
import type { ApiObject } from '../../../model/api-object.js';
import { type JsonValue, mergeChanges } from '../../../model/merge.js';
import { type ObjectName, objectPath } from '../../../model/page-route.js';
import { replace } from '../../actions.js';
import { type Api, type ApiError, asApiError } from '../../api.js';
import { Problem } from '../../components/problem.js';
import { useSession } from '../../hooks.js';
import { useYaml, type Yaml } from '../../use-yaml.js';

/** What is being edited. */
interface Draft {
  /** The object that the edit began with, or was merged with last. */
  readonly base: ApiObject;
  readonly text: string;
}

/** An object's text: live to read, and still while it is edited. What is saved replaces the object as it was seen, or is refused. */
export function YamlView({
  target,
  object,
}: {
  readonly target: ObjectName;
  readonly object: ApiObject;
}) {
  const yaml = useYaml();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [isShown, setShown] = useState(object.kind !== 'Secret');
  if (yaml === null) return <p class="empty">Loading…</p>;
  if (!isShown) {
    return (
      <button type="button" onClick={() => setShown(true)}>
        Show what the Secret holds
      </button>
    );
  }
  if (draft !== null) {
    return (
      <Editor
        yaml={yaml}
        target={target}
        draft={draft}
        onDraft={setDraft}
        onClose={() => setDraft(null)}
      />
    );
  }
  const text = yaml.stringify(object, { lineWidth: 0 });
  return (
    <div>
      <div class="actions">
        <button type="button" onClick={() => setDraft({ base: object, text })}>
          Edit
        </button>
      </div>
      <pre class="text yaml">{text}</pre>
    </div>
  );
}

function Editor(props: {
  readonly yaml: Yaml;
  readonly target: ObjectName;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onClose: () => void;
}) {
  const { yaml, target, draft, onDraft, onClose } = props;
  const { api } = useSession();
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [notice, setNotice] = useState('');
  const save = async () => {
    setProblem(null);
    setNotice('');
    try {
      const mine = yaml.parse(draft.text) as JsonValue;
      try {
        await replace(api, target, mine);
        onClose();
      } catch (error) {
        if (asApiError(error).code !== 409) throw error;
        const merged = await mergeWithCurrent(api, target, { base: draft.base, mine });
        onDraft({ base: merged.current, text: yaml.stringify(merged.document, { lineWidth: 0 }) });
        setNotice(merged.notice);
      }
    } catch (error) {
      setProblem(asApiError(error));
    }
  };
  return (
    <div class="editor">
      <textarea
        aria-label="YAML"
        spellcheck={false}
        rows={28}
        value={draft.text}
        onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
      />
      {notice !== '' && (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      <Problem problem={problem} />
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Discard
        </button>
        <button type="button" class="primary" onClick={save}>
          Save
        </button>
      </div>
    </div>
  );
}

/** The object was changed meanwhile: both changes are brought together, and nothing is saved before somebody has looked at it. */
async function mergeWithCurrent(
  api: Api,
  target: ObjectName,
  { base, mine }: { readonly base: ApiObject; readonly mine: JsonValue },
): Promise<{ readonly current: ApiObject; readonly document: JsonValue; readonly notice: string }> {
  const current = withoutManagedFields(await api.json<ApiObject>(objectPath(target)));
  const theirs = current as unknown as JsonValue;
  const { merged, conflicts } = mergeChanges(base as unknown as JsonValue, mine, theirs);
  const own = conflicts.filter((path) => path !== 'metadata.resourceVersion');
  const document = withVersionOf(merged, current);
  const clash = own.length === 0 ? '' : ` Both changed ${own.join(', ')}: yours is kept.`;
  const notice = `The object was changed meanwhile. Both changes are below.${clash} Look at them and save again.`;
  return { current, document, notice };
}

/** What was merged with the current object replaces that one. */
function withVersionOf(document: JsonValue, { metadata }: ApiObject): JsonValue {
  const object = document as { readonly metadata?: { readonly [key: string]: JsonValue } };
  const { resourceVersion = '' } = metadata;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function withoutManagedFields(object: ApiObject): ApiObject {
  const { managedFields: _, ...metadata } = object.metadata as ApiObject['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}
