declare module 'node-gyp-build' {
  /** Loads prebuilds/<platform>-<arch>/ or build/Release/ of the package in `folder`. */
  function load(folder: string): unknown;
  export = load;
}
