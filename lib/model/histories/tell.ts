// Plays a scene, and says what happened.
import type { History, Scene, ToldStep } from './history';
import { Stage } from './stage';

/** The stage of a scene: its machine has just booted. */
export function stageOf(history: History, scene: Scene): Stage {
  return new Stage(scene.abi ?? history.abi, scene.stepwise);
}

/**
 * Plays a scene, one step with every `next()`.
 *
 * @example
 * for (const { say, calls, tree } of tell(history, scene)) console.log(say, calls, tree);
 */
export function* tell(
  history: History,
  scene: Scene,
  stage: Stage = stageOf(history, scene),
): Generator<ToldStep, void> {
  for (const step of scene.steps) {
    step.do?.(stage);
    const { say, show = [] } = step;
    yield { say, show, ...stage.takeStep() };
  }
}
