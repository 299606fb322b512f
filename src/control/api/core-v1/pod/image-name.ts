const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domain =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?';
const imageName = new RegExp(
  `^(?:${domain}/)?${pathComponent}(?:/${pathComponent})*(?::(?<tag>\\w[\\w.-]{0,127}))?(?<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** When an image is pulled if nobody says: always, if its name can stand for another image tomorrow. */
export function defaultPullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  const match = imageName.exec(image ?? '');
  if (match === null) return 'IfNotPresent';
  const tag = match.groups?.tag;
  const isLatest = tag === 'latest' || (tag === undefined && match.groups?.digest === undefined);
  return isLatest ? 'Always' : 'IfNotPresent';
}
