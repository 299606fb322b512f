const shortModes: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** The access modes of a volume in one cell, each once. */
export function accessModesCell(modes: readonly string[] | undefined): string {
  return shortModes
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

/** The annotation that named the class of a volume before there was a field. */
export const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** What to tell who still uses {@link classAnnotation}. */
export const classAnnotationWarning = `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;

/** The class of a volume or claim. */
export function storageClassOf({
  metadata,
  spec,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly storageClassName?: string };
}): string {
  return metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';
}
