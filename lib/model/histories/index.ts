// Five moments of one idea, in order. docs/history/ tells them, the playground plays them.
import { AUTOREAP_V2 } from './autoreap-v2';
import { CLONE4_2015 } from './clone4-2015';
import type { History } from './history';
import { KERNEL_THREADS_2002 } from './kernel-threads-2002';
import { LINUX_7_1 } from './linux-7.1';
import { SUBREAPER_2012 } from './subreaper-2012';

export type { History, Scene, SceneStep, ToldRule, ToldStep } from './history';
export { fillPage, scenesOfPage } from './page';
export { Stage } from './stage';
export { stageOf, tell } from './tell';

export const HISTORIES: readonly History[] = [
  KERNEL_THREADS_2002,
  SUBREAPER_2012,
  CLONE4_2015,
  AUTOREAP_V2,
  LINUX_7_1,
];
