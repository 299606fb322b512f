import type { FieldPath } from '../../../machinery/field-path.js';
import { quote } from '../../../machinery/quote.js';
import type { PodSpec, VolumeProjection } from '../../gen/core-v1.js';

/** Files of a projected volume that are written where a token is, which hides one of the two. */
export function tokenPathWarnings(spec: PodSpec, path: FieldPath): string[] {
  const tokens = new Set(
    (spec.volumes ?? [])
      .flatMap(({ projected }) => projected?.sources ?? [])
      .flatMap(({ serviceAccountToken }) => serviceAccountToken?.path ?? []),
  );
  if (tokens.size === 0) return [];
  return (spec.volumes ?? []).flatMap(({ projected }, at) => {
    const sources = path.child('volumes').index(at).child('projected', 'sources');
    return (projected?.sources ?? [])
      .flatMap((source) => filesOf(source, sources))
      .filter(({ file }) => file !== undefined && tokens.has(file))
      .map(
        ({ at: entry, file = '' }) =>
          `${entry}: has duplicated path with ServiceAccountToken ${quote(file)}`,
      );
  });
}

function filesOf(
  source: VolumeProjection,
  path: FieldPath,
): { readonly at: FieldPath; readonly file: string | undefined }[] {
  const listed = [
    { name: 'configMap', items: source.configMap?.items },
    { name: 'secrets', items: source.secret?.items },
    { name: 'downwardAPI', items: source.downwardAPI?.items },
  ].flatMap(({ name, items }) =>
    (items ?? []).map((item, at) => ({ at: path.child(name).index(at), file: item.path })),
  );
  const bundle = source.clusterTrustBundle;
  if (bundle === undefined) return listed;
  return [...listed, { at: path.child('ClusterTrustBundle'), file: bundle.path }];
}
