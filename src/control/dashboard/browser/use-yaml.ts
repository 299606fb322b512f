import { useEffect, useState } from 'preact/hooks';

/** The YAML library. */
export type Yaml = typeof import('yaml');

/** Null until it is there: it is loaded when it is first needed. */
export function useYaml(): Yaml | null {
  const [yaml, setYaml] = useState<{ readonly library: Yaml } | null>(null);
  useEffect(() => {
    import('yaml').then(
      (library) => setYaml({ library }),
      () => {},
    );
  }, []);
  return yaml?.library ?? null;
}
