const never = () => {}
export const onLoad = never
export const onShow = never
export const onHide = never
export const onUnload = never
export const onLaunch = never
export const onPullDownRefresh = never
export const onShareAppMessage = never
