import type { JsonObject } from '../../../../src/control/machinery/json.js';

/** A patch of a pod, and what `kubectl patch --local` 1.32 made of it. */
export interface RecordedPatch {
  readonly title: string;
  readonly object: JsonObject;
  readonly patch: JsonObject;
  readonly result?: JsonObject;
  /** What it said instead, after `error: `. */
  readonly error?: string;
}

/** One patch for each directive, and for each way to get one wrong. */
export const recordedPatches: readonly RecordedPatch[] = [
  {
    title: 'an item is merged into the one of its key',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'b',
            image: 'new',
            tty: true,
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            image: 'new',
            name: 'b',
            tty: true,
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'a new item comes first',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'z',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'z',
          },
          {
            image: '1',
            name: 'a',
          },
          {
            image: '2',
            name: 'b',
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'an item is deleted',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'b',
            $patch: 'delete',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'what is not there is deleted',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'q',
            $patch: 'delete',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            image: '2',
            name: 'b',
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'a list is replaced',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            $patch: 'replace',
          },
          {
            name: 'z',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'z',
          },
        ],
      },
    },
  },
  {
    title: 'a list is emptied',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            $patch: 'replace',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [],
      },
    },
  },
  {
    title: 'a list goes with null',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: null,
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {},
    },
  },
  {
    title: 'a list is ordered',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'd',
          },
          {
            name: 'a',
          },
          {
            name: 'b',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '3',
            name: 'd',
          },
          {
            image: '1',
            name: 'a',
          },
          {
            image: '2',
            name: 'b',
          },
        ],
      },
    },
  },
  {
    title: 'a list is merged and ordered',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'b',
          },
          {
            name: 'z',
          },
          {
            name: 'a',
          },
        ],
        containers: [
          {
            name: 'z',
            image: '9',
          },
          {
            name: 'a',
            image: '8',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '2',
            name: 'b',
          },
          {
            image: '9',
            name: 'z',
          },
          {
            image: '8',
            name: 'a',
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'what the order does not name stays where it was',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'd',
          },
          {
            name: 'z',
          },
        ],
        containers: [
          {
            name: 'z',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            image: '2',
            name: 'b',
          },
          {
            image: '3',
            name: 'd',
          },
          {
            name: 'z',
          },
        ],
      },
    },
  },
  {
    title: 'an empty order',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [],
        containers: [
          {
            name: 'y',
          },
          {
            name: 'z',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            image: '2',
            name: 'b',
          },
          {
            image: '3',
            name: 'd',
          },
          {
            name: 'z',
          },
          {
            name: 'y',
          },
        ],
      },
    },
  },
  {
    title: 'a new item takes the place of a deleted one',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'a',
          },
          {
            name: 'z',
          },
          {
            name: 'd',
          },
        ],
        containers: [
          {
            name: 'z',
          },
          {
            name: 'b',
            $patch: 'delete',
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: '1',
            name: 'a',
          },
          {
            name: 'z',
          },
          {
            image: '3',
            name: 'd',
          },
        ],
      },
    },
  },
  {
    title: 'an order for a list that is not there',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {},
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'a',
          },
        ],
        containers: [
          {
            name: 'a',
            env: null,
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            env: null,
            name: 'a',
          },
        ],
      },
    },
  },
  {
    title: 'a list without strategy is replaced',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            args: ['1', '2'],
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'a',
            args: ['3'],
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            args: ['3'],
            name: 'a',
          },
        ],
      },
    },
  },
  {
    title: 'scalars are added',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
        finalizers: ['x/a', 'x/b'],
      },
      spec: {},
    },
    patch: {
      metadata: {
        finalizers: ['x/c', 'x/a'],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        finalizers: ['x/c', 'x/a', 'x/b'],
        name: 'x',
      },
      spec: {},
    },
  },
  {
    title: 'scalars are deleted',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
        finalizers: ['x/a', 'x/b', 'x/c'],
      },
      spec: {},
    },
    patch: {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['x/b', 'x/q'],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        finalizers: ['x/a', 'x/c'],
        name: 'x',
      },
      spec: {},
    },
  },
  {
    title: 'scalars are deleted, added and ordered',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
        finalizers: ['x/a', 'x/b', 'x/c'],
      },
      spec: {},
    },
    patch: {
      metadata: {
        '$setElementOrder/finalizers': ['x/c', 'x/d', 'x/a'],
        '$deleteFromPrimitiveList/finalizers': ['x/b'],
        finalizers: ['x/d'],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        finalizers: ['x/c', 'x/d', 'x/a'],
        name: 'x',
      },
      spec: {},
    },
  },
  {
    title: 'scalars are deleted from nothing',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {},
    },
    patch: {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['x/b'],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {},
    },
  },
  {
    title: 'maps are merged',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
          b: '2',
        },
      },
    },
    patch: {
      spec: {
        nodeSelector: {
          b: null,
          c: '3',
          d: null,
        },
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
          c: '3',
        },
      },
    },
  },
  {
    title: 'a map is replaced',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
          b: '2',
        },
      },
    },
    patch: {
      spec: {
        nodeSelector: {
          $patch: 'replace',
          c: '3',
        },
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          c: '3',
        },
      },
    },
  },
  {
    title: 'a map is deleted',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
          b: '2',
        },
      },
    },
    patch: {
      spec: {
        nodeSelector: {
          $patch: 'delete',
          c: '3',
        },
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {},
      },
    },
  },
  {
    title: 'keys are retained',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            name: 'v',
            emptyDir: {},
          },
        ],
      },
    },
    patch: {
      spec: {
        volumes: [
          {
            name: 'v',
            $retainKeys: ['name', 'hostPath'],
            hostPath: {
              path: '/',
            },
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            hostPath: {
              path: '/',
            },
            name: 'v',
          },
        ],
      },
    },
  },
  {
    title: 'without retained keys, what was stays',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            name: 'v',
            emptyDir: {},
          },
        ],
      },
    },
    patch: {
      spec: {
        volumes: [
          {
            name: 'v',
            hostPath: {
              path: '/',
            },
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            emptyDir: {},
            hostPath: {
              path: '/',
            },
            name: 'v',
          },
        ],
      },
    },
  },
  {
    title: 'nulls and directives in what is new',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {},
    },
    patch: {
      spec: {
        securityContext: {
          runAsUser: null,
          runAsGroup: 1,
          seLinuxOptions: {
            $patch: 'delete',
          },
        },
        nodeSelector: {
          $patch: 'delete',
        },
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        securityContext: {
          runAsGroup: 1,
        },
      },
    },
  },
  {
    title: 'a new item keeps its nulls',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'b',
            image: null,
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            image: null,
            name: 'b',
          },
          {
            name: 'a',
          },
        ],
      },
    },
  },
  {
    title: 'a list for a map',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
        },
      },
    },
    patch: {
      spec: {
        nodeSelector: ['a'],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: ['a'],
      },
    },
  },
  {
    title: 'ports merge by number',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            ports: [
              {
                containerPort: 80,
                name: 'x',
              },
              {
                containerPort: 81,
              },
            ],
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'a',
            ports: [
              {
                containerPort: 80,
                name: 'y',
              },
              {
                containerPort: 82,
              },
            ],
          },
        ],
      },
    },
    result: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            ports: [
              {
                containerPort: 80,
                name: 'y',
              },
              {
                containerPort: 82,
              },
              {
                containerPort: 81,
              },
            ],
          },
        ],
      },
    },
  },
  {
    title: 'refused: an item without its key',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            image: '1',
            env: [
              {
                name: 'a',
              },
            ],
          },
        ],
      },
    },
    error: 'map: map[env:[map[name:a]] image:1] does not contain declared merge key: name',
  },
  {
    title: 'refused: a deletion without its key',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            $patch: 'delete',
          },
        ],
      },
    },
    error: 'map: map[$patch:delete] does not contain declared merge key: name',
  },
  {
    title: 'refused: merge in a list',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'a',
            $patch: 'merge',
          },
        ],
      },
    },
    error: 'merging lists cannot yet be specified in the patch',
  },
  {
    title: 'refused: an unknown directive in a list',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'a',
            $patch: 'swap',
          },
        ],
      },
    },
    error: 'unknown patch type: swap in map: map[$patch:swap name:a]',
  },
  {
    title: 'refused: an unknown directive in a map',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        nodeSelector: {
          a: '1',
        },
      },
    },
    patch: {
      spec: {
        nodeSelector: {
          $patch: 'merge',
        },
      },
    },
    error: 'unknown patch type: merge in map: map[$patch:merge]',
  },
  {
    title: 'refused: items of two types',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'a',
          },
          'b',
        ],
      },
    },
    error:
      'list element types are not identical: [[map[image:1 name:a] map[image:2 name:b] map[image:3 name:d]] [map[name:a] b]]',
  },
  {
    title: 'refused: a list of lists',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          [
            {
              name: 'a',
            },
          ],
        ],
      },
    },
    error:
      'list element types are not identical: [[map[image:1 name:a] map[image:2 name:b] map[image:3 name:d]] [[map[name:a]]]]',
  },
  {
    title: 'refused: retained keys that are no list',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            name: 'v',
          },
        ],
      },
    },
    patch: {
      spec: {
        volumes: [
          {
            name: 'v',
            $retainKeys: 'name',
          },
        ],
      },
    },
    error: 'invalid patch format of retainKeys',
  },
  {
    title: 'refused: a key that is set but not retained',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        volumes: [
          {
            name: 'v',
          },
        ],
      },
    },
    patch: {
      spec: {
        volumes: [
          {
            name: 'v',
            $retainKeys: ['name'],
            emptyDir: {},
          },
        ],
      },
    },
    error: 'invalid patch format of retainKeys',
  },
  {
    title: 'refused: an order that is no list',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': 'a',
      },
    },
    error: 'expected a []interface {}, but received a string',
  },
  {
    title: 'refused: an order that contradicts the patch',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'b',
          },
          {
            name: 'a',
          },
        ],
        containers: [
          {
            name: 'a',
          },
          {
            name: 'b',
          },
        ],
      },
    },
    error:
      "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:b] map[name:a]]",
  },
  {
    title: 'refused: an order without keys',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [
          {
            name: 'a',
            image: '1',
          },
          {
            name: 'b',
            image: '2',
          },
          {
            name: 'd',
            image: '3',
          },
        ],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            image: '1',
          },
        ],
        containers: [
          {
            name: 'a',
          },
        ],
      },
    },
    error: 'map: map[image:1] does not contain declared merge key: name',
  },
  {
    title: 'refused: an order of nothing',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'x',
      },
      spec: {
        containers: [],
      },
    },
    patch: {
      spec: {
        '$setElementOrder/containers': [
          {
            name: 'a',
          },
        ],
      },
    },
    error: 'no elements in any of the given slices',
  },
];
