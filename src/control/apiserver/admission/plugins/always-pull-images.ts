import type { Pod } from '../../../api/gen/core-v1.js';
import { fieldErrorText, fieldPath, notSupported } from '../../../machinery/field-path.js';
import type { AdmissionRequest } from '../../contracts.js';
import { definePlugin, oldObject } from '../plugin.js';
import { allContainers, podOf } from '../pod-parts.js';
import { joinedTexts, refusal } from '../refusal.js';

/** Every image is pulled anew with the pod's own credentials, so that nobody uses what another pod brought to the node. */
export const alwaysPullImages = definePlugin('AlwaysPullImages', ['CREATE', 'UPDATE'], {
  mutate(request) {
    const pod = podOf(request);
    if (pod === null || bringsNoNewImages(request, pod)) return;
    for (const { container } of allContainers(pod.spec)) container.imagePullPolicy = 'Always';
    for (const { image } of pod.spec?.volumes ?? [])
      if (image !== undefined) image.pullPolicy = 'Always';
  },
  validate(request) {
    const pod = podOf(request);
    if (pod === null || bringsNoNewImages(request, pod)) return;
    const problems = allContainers(pod.spec)
      .filter(({ container }) => container.imagePullPolicy !== 'Always')
      .map(({ list, index, container }) =>
        fieldErrorText(
          notSupported(
            fieldPath('spec', list).index(index).child('imagePullPolicy'),
            container.imagePullPolicy ?? '',
            ['Always'],
          ),
        ),
      );
    if (problems.length > 0) throw refusal(request, joinedTexts(problems));
  },
});

function bringsNoNewImages(request: AdmissionRequest, pod: Pod): boolean {
  const old = oldObject<Pod>(request);
  if (old === null) return false;
  const images = (of: Pod) => [
    ...allContainers(of.spec).map(({ container }) => container.image ?? ''),
    ...(of.spec?.volumes ?? []).map(({ image }) => image?.reference ?? ''),
  ];
  const before = new Set(images(old));
  return images(pod).every((image) => before.has(image));
}
