// The guided scenarios, each as a row of frames.
import { HISTORIES, stageOf, type History } from '../../../lib/model/histories';
import { Camera, type Frame } from './frames';
import { PRIMER } from './primer';

/** What the chooser shows, in this order. The first has no year: it is where to begin. */
export const STORIES: readonly History[] = [PRIMER, ...HISTORIES];

export const isPrimer = (story: History): boolean => story === PRIMER;

const played = new Map<string, readonly Frame[]>();

/** All frames of a story. Each scene begins with a machine that has just booted. */
export function framesOf(story: History): readonly Frame[] {
  const known = played.get(story.id);
  if (known !== undefined) return known;
  const frames = story.scenes.flatMap((scene, index) => {
    const stage = stageOf(story, scene);
    const camera = new Camera(stage, scene.title);
    const opening =
      index === 0
        ? story.summary
        : `**${scene.title}.** The machine boots anew. Only init is there.`;
    const told = [camera.take(opening, { opening: true })];
    for (const step of scene.steps) {
      step.do?.(stage);
      told.push(camera.take(step.say));
    }
    return told;
  });
  played.set(story.id, frames);
  return frames;
}

export { explain } from './why';
