; The installer for Windows. Built by installers/windows.py, which defines VERSION, PAYLOAD, OUTPUT,
; ICON and SIZE_KIB. It goes into the person's own folders and needs no administrator.

Target amd64-unicode
SetCompressor /SOLID lzma
Name "GenStudio"
OutFile "${OUTPUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\GenStudio"
InstallDirRegKey HKCU "Software\GenStudio" "Folder"
ManifestDPIAware true
ShowInstDetails nevershow

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\GenStudio"
!define KIND "GenStudio.Project"
!define MODEL "GenStudio.Model"

!include "MUI2.nsh"
!include "LogicLib.nsh"
!include "FileFunc.nsh"
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\genstudiow.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Section "GenStudio"
  ; Free space, in KiB, is looked at before anything is written.
  StrCpy $R0 "$INSTDIR" 3
  ${DriveSpace} "$R0" "/D=F /S=K" $R1
  ${If} $R1 != ""
  ${AndIf} $R1 < ${SIZE_KIB}
    MessageBox MB_OK|MB_ICONSTOP "There is too little room on $R0 for GenStudio. Nothing was changed." /SD IDOK
    SetErrorLevel 1
    Abort
  ${EndIf}
  ; A version that runs keeps its files: it is asked to be closed, and nothing is half replaced.
  ${If} ${FileExists} "$INSTDIR\genstudiow.exe"
    ClearErrors
    Delete "$INSTDIR\genstudiow.exe"
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONSTOP "GenStudio is running. Close it, then install again. Nothing was changed." /SD IDOK
      SetErrorLevel 1
      Abort
    ${EndIf}
    RMDir /r "$INSTDIR\_internal"
  ${EndIf}
  SetOutPath "$INSTDIR"
  ClearErrors
  File /r "${PAYLOAD}/*"
  ${If} ${Errors}
    MessageBox MB_OK|MB_ICONSTOP "Not all files could be written; is the disk full? Install again when there is room. Your projects are untouched." /SD IDOK
    SetErrorLevel 1
    Abort
  ${EndIf}
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\GenStudio.lnk" "$INSTDIR\genstudiow.exe"
  WriteRegStr HKCU "Software\GenStudio" "Folder" "$INSTDIR"
  ; Folders: “Open in GenStudio” in their menu. Windows has no kinds of folders.
  WriteRegStr HKCU "Software\Classes\Directory\shell\${KIND}" "" "Open in GenStudio"
  WriteRegStr HKCU "Software\Classes\Directory\shell\${KIND}" "Icon" "$INSTDIR\genstudiow.exe"
  WriteRegStr HKCU "Software\Classes\Directory\shell\${KIND}\command" "" '"$INSTDIR\genstudiow.exe" "%1"'
  ; Models that were saved to be given away: files of their own kind.
  WriteRegStr HKCU "Software\Classes\.genstudio" "" "${MODEL}"
  WriteRegStr HKCU "Software\Classes\${MODEL}" "" "GenStudio model"
  WriteRegStr HKCU "Software\Classes\${MODEL}\DefaultIcon" "" "$INSTDIR\genstudiow.exe"
  WriteRegStr HKCU "Software\Classes\${MODEL}\shell\open\command" "" '"$INSTDIR\genstudiow.exe" "%1"'
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "GenStudio"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\genstudiow.exe"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${SIZE_KIB}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
SectionEnd

Section "Uninstall"
  Delete "$INSTDIR\genstudio.exe"
  Delete "$INSTDIR\genstudiow.exe"
  Delete "$INSTDIR\NOTICES.txt"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\uninstall.exe"
  ; Only if it is empty: nobody's files go with the program.
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\GenStudio.lnk"
  DeleteRegKey HKCU "Software\Classes\Directory\shell\${KIND}"
  DeleteRegKey HKCU "Software\Classes\${MODEL}"
  DeleteRegKey HKCU "Software\Classes\.genstudio"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\GenStudio"
  MessageBox MB_OK|MB_ICONINFORMATION "GenStudio is gone. Your projects stay where they are, usually in Documents\GenStudio." /SD IDOK
SectionEnd
