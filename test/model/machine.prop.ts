// The machine as a whole.
import { ModelKernel } from '../../lib/model/kernel';
import * as steps from '../../lib/model/steps';
import { claim, perform, replace } from '../support/model-machine';
import { property, propertyOf } from '../support/model-property';

describe('a machine', () => {
  property('comes to rest after every system call', {
    watch: () => () => undefined, // perform() counts.
    broken: {
      when: 'who sleeps looks again and again',
      make: () =>
        replace(steps, 'perform', (original) => (core, step) => {
          original(core, step);
          if (step.kind === 'retry' && step.task.sleep !== undefined) core.steps.push(step);
        }),
    },
  });

  propertyOf(
    'is the same whether it settles by itself or is stepped, first in, first out',
    undefined,
    (script) => {
      const still = () => () => undefined;
      const story = (kernel: ModelKernel): string =>
        [...kernel.history.map(({ tid, text }) => `${tid} ${text}`), kernel.tree()].join('\n');
      const stepped = story(perform(script, still));
      const settled = story(perform(script, still, { alone: true }));
      claim(stepped === settled, () => `Stepped:\n${stepped}\nSettled:\n${settled}`);
    },
    {
      when: 'it takes the last step first',
      make: () =>
        replace(
          ModelKernel.prototype,
          'step',
          (original) =>
            function (this: ModelKernel) {
              original.call(this, this.pending().length - 1);
            },
        ),
    },
  );

  property('shows each process once in its tree', {
    watch:
      () =>
      ({ kernel }) => {
        const shown = kernel
          .tree()
          .split('\n')
          .slice(1)
          .map((line) => Number.parseInt(line, 10));
        const there = kernel.processes().map(({ pid }) => pid);
        claim(
          shown.sort((a, b) => a - b).join() === there.join(),
          () => `${shown.join()} are shown, and ${there.join()} are there`,
        );
      },
    broken: {
      when: 'a zombie is taken for gone',
      make: () =>
        replace(
          ModelKernel.prototype,
          'tree',
          (original) =>
            function (this: ModelKernel) {
              const lines = original.call(this).split('\n');
              return lines.filter((line) => !line.includes('<defunct>')).join('\n');
            },
        ),
    },
  });
});
