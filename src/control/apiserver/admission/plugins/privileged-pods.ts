import { fieldPath, forbiddenField } from '../../../machinery/field-path.js';
import { invalid } from '../../../machinery/status-errors.js';
import { definePlugin } from '../plugin.js';
import { allContainers, podOf } from '../pod-parts.js';

/** `--allow-privileged=false`: no container may be privileged. Templates of pods may say so; their pods are refused. */
export const refusePrivilegedPods = definePlugin('RefusePrivilegedPods', ['CREATE', 'UPDATE'], {
  validate(request) {
    const pod = podOf(request);
    const errors = allContainers(pod?.spec)
      .filter(({ container }) => container.securityContext?.privileged === true)
      .map(({ list, index }) =>
        forbiddenField(
          fieldPath('spec', list).index(index).child('securityContext', 'privileged'),
          'disallowed by cluster policy',
        ),
      );
    if (errors.length > 0) throw invalid({ group: '', kind: 'Pod' }, request.name, errors);
  },
});
