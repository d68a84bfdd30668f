{
  "targets": [
    {
      "target_name": "autoreap",
      "sources": [
        "native/birth.cc",
        "native/child.cc",
        "native/clone.cc",
        "native/exit-fields.cc",
        "native/fd.cc",
        "native/module.cc",
        "native/pidfd.cc",
        "native/poll.cc",
        "native/prctl.cc",
        "native/spawner.cc",
        "native/waitid.cc",
        "native/watcher.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_ENABLE_MAYBE", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-plt"],
      "ldflags": ["-pthread", "-Wl,-z,now", "-Wl,-z,nodelete", "-Wl,-z,relro"]
    }
  ]
}
