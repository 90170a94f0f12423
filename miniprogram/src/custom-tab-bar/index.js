// The visible tab bar is ui/TabBar, large enough to read; WeChat wants this one to exist.
Component({})
