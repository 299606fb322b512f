import t from 'tap';
import type { ControllerDefinition } from '../../../../src/control/controllers/controller.js';
import { chooseControllers } from '../../../../src/control/controllers/runtime/choose-controllers.js';

const row = (name: string, alias?: string, isOnByDefault = true): ControllerDefinition => ({
  ...{ name, isOnByDefault, flags: [], create: () => null },
  ...(alias === undefined ? {} : { alias }),
});
const table = [
  row('a-controller', 'a'),
  row('b-controller', 'b'),
  row('off-controller', 'off', false),
];

for (const [words, wanted] of [
  ['*', 'a-controller b-controller'],
  ['', ''],
  ['a-controller', 'a-controller'],
  ['a', 'a-controller'],
  ['*,-a', 'b-controller'],
  ['-a,*', 'b-controller'],
  ['*,-a-controller,a', 'b-controller'],
  ['*,a,-a-controller', 'a-controller b-controller'],
  ['*,off', 'a-controller b-controller off-controller'],
  ['off', 'off-controller'],
  ['*,-off', 'a-controller b-controller'],
  ['-a', ''],
  ['*,-unbuilt-controller', 'a-controller b-controller'],
] as const) {
  t.test(`chooseControllers: ${JSON.stringify(words)} chooses ${wanted || 'none'}`, async (t) => {
    const choice = chooseControllers(words.split(',').filter(Boolean), table, [
      'unbuilt-controller',
    ]);
    t.equal('chosen' in choice && choice.chosen.map(({ name }) => name).join(' '), wanted);
  });
}

for (const [words, problems] of [
  ['nosuch', ['"nosuch" is not in the list of known controllers']],
  ['*,-nosuch', ['"nosuch" is not in the list of known controllers']],
  [
    'x,a,-y',
    ['"x" is not in the list of known controllers', '"y" is not in the list of known controllers'],
  ],
  [
    '*,unbuilt-controller',
    ['"unbuilt-controller" is a controller of Kubernetes that is not built here'],
  ],
] as const) {
  t.test(`chooseControllers: ${JSON.stringify(words)} is refused`, async (t) => {
    t.same(chooseControllers(words.split(','), table, ['unbuilt-controller']), { problems });
  });
}
