/// <reference types="vite/client" />

// The two calls of Element Plus that the build resolves by name, with their styles.
declare const ElMessage: typeof import('element-plus')['ElMessage']
declare const ElMessageBox: typeof import('element-plus')['ElMessageBox']
