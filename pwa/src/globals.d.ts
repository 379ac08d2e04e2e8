declare const __APP_VERSION__: string
/** Changes with whatever the app is built from. */
declare const __BUILD__: string
