/** What execvp(3) searches when the environment has no PATH: confstr(_CS_PATH). */
const DEFAULT_PATH = '/bin:/usr/bin';

/**
 * The paths to try, in order, for a program's name: execvp(3)'s search, spelled out before the clone,
 * because the child may not allocate. PATH is that of the child's environment, as in libuv; relative
 * entries are relative to the child's working directory, because the child is there when it tries.
 */
export function execCandidates(file: string, envPairs: readonly string[]): readonly string[] {
  if (file === '') return [];
  if (file.includes('/')) return [file];
  const path = envPairs.find((pair) => pair.startsWith('PATH='))?.slice(5) ?? DEFAULT_PATH;
  // An empty entry means the working directory.
  return path.split(':').map((folder) => (folder === '' ? file : `${folder}/${file}`));
}
