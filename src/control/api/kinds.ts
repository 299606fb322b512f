import {
  kindsWith as admissionregistrationV1,
  type ExpressionChecker,
} from './admissionregistration-v1/index.js';
import { kinds as apiextensionsV1 } from './apiextensions-v1/index.js';
import { kinds as apiregistrationV1 } from './apiregistration-v1/index.js';
import { kinds as appsV1 } from './apps-v1/index.js';
import { kinds as autoscalingV1 } from './autoscaling-v1/index.js';
import { kinds as autoscalingV2 } from './autoscaling-v2/index.js';
import { kinds as batchV1 } from './batch-v1/index.js';
import { kinds as certificatesV1 } from './certificates-v1/index.js';
import { kinds as coordinationV1 } from './coordination-v1/index.js';
import { kinds as coreV1 } from './core-v1/index.js';
import { kinds as discoveryV1 } from './discovery-v1/index.js';
import { kinds as eventsV1 } from './events-v1/index.js';
import { kinds as flowcontrolV1 } from './flowcontrol-v1/index.js';
import type { KindDefinition } from './kind-definition.js';
import { kinds as networkingV1 } from './networking-v1/index.js';
import { kinds as nodeV1 } from './node-v1/index.js';
import { kinds as policyV1 } from './policy-v1/index.js';
import { kinds as rbacV1 } from './rbac-v1/index.js';
import { type DeviceExpressionChecker, kindsWith as resourceV1 } from './resource-v1/index.js';
import { kinds as schedulingV1 } from './scheduling-v1/index.js';
import { kinds as storageV1 } from './storage-v1/index.js';

/**
 * The rules of the built-in kinds that have some, from the folder of each group and version. `checkExpression` compiles the CEL of
 * webhooks and policies when they are written, `checkDeviceExpression` that which selects devices; without them expressions are kept as
 * they are.
 */
export function builtInKinds(
  options: {
    readonly checkExpression?: ExpressionChecker;
    readonly checkDeviceExpression?: DeviceExpressionChecker;
  } = {},
): readonly KindDefinition[] {
  return [
    ...admissionregistrationV1(options.checkExpression),
    ...apiextensionsV1,
    ...apiregistrationV1,
    ...appsV1,
    ...autoscalingV1,
    ...autoscalingV2,
    ...batchV1,
    ...certificatesV1,
    ...coordinationV1,
    ...coreV1,
    ...discoveryV1,
    ...eventsV1,
    ...flowcontrolV1,
    ...networkingV1,
    ...nodeV1,
    ...policyV1,
    ...rbacV1,
    ...resourceV1(options.checkDeviceExpression),
    ...schedulingV1,
    ...storageV1,
  ];
}
